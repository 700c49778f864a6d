using static TorchSharp.torch;

namespace ResLora.Experiments.Inspection.Adapters;

/// <summary>The two factors of an update of low rank, as a file stores them.</summary>
/// <param name="Module">The module's name in the file.</param>
/// <param name="ReadA">Reads A, [R, Din] or, of a convolution, [R, Cin, kh, kw]: a new tensor, owned by the caller.</param>
/// <param name="ReadB">Reads B, [Dout, R] or [Dout, R, 1, 1]: a new tensor, owned by the caller.</param>
internal sealed record StoredPair(string Module, Func<Tensor> ReadA, Func<Tensor> ReadB);
