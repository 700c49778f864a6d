using static TorchSharp.torch;

namespace ResLora.Models.Blocks;

/// <summary>
/// Replaceable linear layers: a slot is a field of type Module&lt;Tensor, Tensor&gt;, [.., Din] -> [.., Dout], registered as a
/// child under its checkpoint name. An adapter takes the layer's place in both, the registry and the field.
/// </summary>
internal static class Slots
{
    /// <summary>A linear layer whose weights are on the meta device: nothing is allocated or drawn until a model is loaded.</summary>
    public static nn.Module<Tensor, Tensor> Linear(nn.Module parent, string name, long inFeatures, long outFeatures, bool bias) =>
        Register<nn.Module<Tensor, Tensor>>(parent, name, nn.Linear(inFeatures, outFeatures, hasBias: bias, device: META));

    /// <summary>Registers a child under its checkpoint name and hands it back.</summary>
    public static T Register<T>(nn.Module parent, string name, T child) where T : nn.Module
    {
        parent.register_module(name, child);
        return child;
    }
}
