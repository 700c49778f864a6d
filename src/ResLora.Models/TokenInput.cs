using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>The tokens of a batch.</summary>
/// <param name="Ids">[B, T] int64 token ids.</param>
/// <param name="TokenMask">[B, T], 1 for tokens and 0 for padding on the right; null when nothing is padding.</param>
/// <param name="TypeIds">[B, T] int64, 1 for the tokens of a pair's second text; null when all are 0. Only BERT reads them.</param>
public sealed record TokenInput(Tensor Ids, Tensor? TokenMask = null, Tensor? TypeIds = null);
