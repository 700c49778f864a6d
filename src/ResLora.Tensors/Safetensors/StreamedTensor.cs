using static TorchSharp.torch;

namespace ResLora.Tensors.Safetensors;

/// <summary>A tensor that is made when its turn to be written comes, so that a checkpoint larger than memory can be written.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DataType">Its element type.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Make">Makes it: a new tensor of that type and shape, which the writer disposes once it is written.</param>
public sealed record StreamedTensor(string Name, ScalarType DataType, IReadOnlyList<long> Shape, Func<Tensor> Make)
{
    /// <summary>How many numbers it has.</summary>
    public long Count => Shape.Aggregate(1L, (count, size) => count * size);

    /// <summary>A tensor that is there already, converted when it is written.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="tensor">The tensor, borrowed until it is written.</param>
    /// <param name="dtype">The element type to store; null keeps the tensor's.</param>
    /// <returns>The description.</returns>
    public static StreamedTensor Of(string name, Tensor tensor, ScalarType? dtype = null)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var stored = dtype ?? tensor.dtype;
        return new StreamedTensor(name, stored, tensor.shape, () =>
        {
            using var scope = NewDisposeScope();
            return tensor.detach().to(stored).MoveToOuterDisposeScope();
        });
    }
}
