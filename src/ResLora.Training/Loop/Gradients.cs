using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>What is done to all gradients together.</summary>
public static class Gradients
{
    /// <summary>‖g‖₂ over the gradients of all parameters.</summary>
    /// <param name="parameters">The parameters, borrowed; those without a gradient count 0.</param>
    /// <returns>The norm; not finite when a gradient is not.</returns>
    public static double Norm(IEnumerable<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Tensor[] norms = [.. parameters.Select(p => p.grad).OfType<Tensor>().Select(g => g.norm())];
        return norms.Length == 0 ? 0 : stack(norms).norm().item<float>();
    }

    /// <summary>Scales all gradients so that their norm is at most <paramref name="maximum"/>: g ← g · min(1, maximum / ‖g‖).</summary>
    /// <param name="parameters">The parameters, whose gradients are changed in place.</param>
    /// <param name="norm">‖g‖₂ as <see cref="Norm"/> gave it.</param>
    /// <param name="maximum">The largest norm, above 0.</param>
    public static void Clip(IEnumerable<Parameter> parameters, double norm, double maximum)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (norm <= maximum)
        {
            return;
        }

        using var noGradient = no_grad();
        foreach (var parameter in parameters)
        {
            using var gradient = parameter.grad;
            using var scope = NewDisposeScope();
            gradient?.mul_(maximum / norm);
        }
    }
}
