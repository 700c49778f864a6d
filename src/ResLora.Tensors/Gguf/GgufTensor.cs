using ResLora.Formats.Gguf;
using static TorchSharp.torch;

namespace ResLora.Tensors.Gguf;

/// <summary>A tensor of a GGUF file that is to be written.</summary>
/// <param name="Name">Its name, at most 63 bytes.</param>
/// <param name="Shape">Its sizes in torch's order; at least one and at most four.</param>
/// <param name="Type">How it is to be stored if it is a matrix; what has one dimension is stored in float32.</param>
/// <param name="Content">
/// Makes the tensor when its turn comes, so that no more than one is in memory: a new tensor of the shape above, which the writer
/// disposes.
/// </param>
public sealed record GgufTensor(string Name, IReadOnlyList<long> Shape, GgufWeightType Type, Func<Tensor> Content);
