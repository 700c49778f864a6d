using static TorchSharp.torch;

namespace ResLora.Models.Diffusion.SingleFile;

/// <summary>A tensor of a pipeline and what it is made from.</summary>
/// <param name="Target">Where it goes.</param>
/// <param name="Shape">Its sizes in the network.</param>
/// <param name="Source">The name in the single file.</param>
/// <param name="DataType">The type of the numbers in the single file.</param>
public sealed record PlannedTensor(OriginalTarget Target, IReadOnlyList<long> Shape, string Source, ScalarType DataType);
