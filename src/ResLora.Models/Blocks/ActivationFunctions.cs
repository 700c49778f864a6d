using static TorchSharp.torch;

namespace ResLora.Models.Blocks;

/// <summary>Activations by the names that configurations give them.</summary>
internal static class ActivationFunctions
{
    private static readonly Dictionary<string, Func<Tensor, Tensor>> _byName = new(StringComparer.Ordinal)
    {
        ["gelu"] = x => nn.functional.gelu(x),
        ["gelu_python"] = x => nn.functional.gelu(x),
        ["gelu_new"] = TanhGelu,
        ["gelu_pytorch_tanh"] = TanhGelu,
        ["gelu_fast"] = TanhGelu,
        ["quick_gelu"] = QuickGelu,
        ["relu"] = x => nn.functional.relu(x),
        ["silu"] = x => nn.functional.silu(x),
        ["swish"] = x => nn.functional.silu(x),
    };

    /// <summary>All names.</summary>
    public static IReadOnlyCollection<string> Names => _byName.Keys;

    /// <summary>
    /// The activation of a name, which must be one of <see cref="Names"/>: from a borrowed tensor to a new one of the same shape.
    /// </summary>
    public static Func<Tensor, Tensor> Get(string name) => _byName[name];

    /// <summary>½ x (1 + tanh(√(2/π) (x + 0.044715 x³))).</summary>
    /// <remarks>Hendrycks and Gimpel, arXiv:1606.08415, section 2.</remarks>
    private static Tensor TanhGelu(Tensor x)
    {
        using var scope = NewDisposeScope();
        var inner = (x + 0.044715 * x.pow(3)) * Math.Sqrt(2 / Math.PI);
        return (0.5 * x * (1 + inner.tanh())).MoveToOuterDisposeScope();
    }

    /// <summary>x σ(1.702 x).</summary>
    private static Tensor QuickGelu(Tensor x)
    {
        using var scope = NewDisposeScope();
        return (x * (1.702 * x).sigmoid()).MoveToOuterDisposeScope();
    }
}
