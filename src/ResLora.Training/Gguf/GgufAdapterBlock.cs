using static TorchSharp.torch;

namespace ResLora.Training.Gguf;

/// <summary>A block of an adapter that was read from a GGUF file.</summary>
/// <param name="Module">The module's dotted name, such as <c>model.layers.0.self_attn.q_proj</c>.</param>
/// <param name="A">[R, Din] float32, owned by the block.</param>
/// <param name="B">[Dout, R] float32 in our order of rows, owned by the block.</param>
/// <param name="Scale">The factor of B A: alpha / R, or 1 where the file gives no alpha.</param>
public sealed record GgufAdapterBlock(string Module, Tensor A, Tensor B, float Scale) : IDisposable
{
    /// <summary>Frees both tensors.</summary>
    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
    }
}
