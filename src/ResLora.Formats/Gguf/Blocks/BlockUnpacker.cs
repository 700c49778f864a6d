namespace ResLora.Formats.Gguf.Blocks;

/// <summary>Makes float32 of one block, to the bit as ggml's <c>to_float</c> does it, the signs of zeros included.</summary>
/// <param name="block">The block's bytes.</param>
/// <param name="numbers">Where its numbers go.</param>
/// <returns>False when a scale of the block is no finite number, so that its numbers mean nothing.</returns>
public delegate bool BlockUnpacker(ReadOnlySpan<byte> block, Span<float> numbers);
