using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Tensors;

/// <summary>A layer that gives a row of its weight for every id: an embedding.</summary>
public interface ILookupLayer
{
    /// <summary>The rows, [V, D].</summary>
    Parameter Weight { get; }

    /// <summary>A layer of the same kind with other rows.</summary>
    /// <param name="rows">[V, D]; becomes the new layer's.</param>
    /// <returns>The layer, owned by the caller.</returns>
    nn.Module<Tensor, Tensor> With(Parameter rows);
}
