using ResLora.Models;
using ResLora.Training.Distributed;
using static TorchSharp.torch;

namespace ResLora.Training.Evaluation;

/// <summary>
/// What a model says is no number, so that nothing can be made of it. The input was well-formed: this is a failed run, not bad usage.
/// </summary>
/// <param name="tensorName">The first tensor of the model with a value that is not finite; null when all its weights are.</param>
public sealed class NotFiniteException(string? tensorName) : Exception(tensorName is null
    ? "What the model computes is not finite (NaN or infinite), though its weights are; float32 may help where a smaller number type was used (--dtype)."
    : $"{tensorName} has a value that is not finite (NaN or infinite), so that nothing the model says means anything; take weights that are whole.")
{
    /// <summary>The first tensor of the model with a value that is not finite, or null.</summary>
    public string? TensorName { get; } = tensorName;

    /// <summary>Looks at numbers that a model gave, and for the tensor to blame only if one is not finite.</summary>
    /// <param name="model">The model, borrowed.</param>
    /// <param name="values">The numbers.</param>
    /// <exception cref="NotFiniteException">One is not finite.</exception>
    public static void ThrowIfAny(Network model, params IEnumerable<double> values)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!values.All(double.IsFinite))
        {
            throw Behind(model);
        }
    }

    /// <summary>As the other overload, for a number that ranks have found together: the tensor may be another one's, which is then
    /// named.</summary>
    /// <param name="ranks">The ranks, all of which call this with the same number.</param>
    /// <param name="model">This rank's model, borrowed.</param>
    /// <param name="value">The number.</param>
    /// <exception cref="NotFiniteException">It is not finite.</exception>
    public static void ThrowIfAny(ICommunicator ranks, Network model, double value)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(model);
        if (!double.IsFinite(value))
        {
            throw new NotFiniteException(ranks.FirstNamed(FirstBad(model)));
        }
    }

    /// <summary>As the other overload, for a tensor.</summary>
    /// <param name="model">The model, borrowed.</param>
    /// <param name="values">Any shape, borrowed.</param>
    /// <exception cref="NotFiniteException">One is not finite.</exception>
    internal static void ThrowIfAny(Network model, Tensor values)
    {
        if (!FiniteTensors.IsFinite(values))
        {
            throw Behind(model);
        }
    }

    private static NotFiniteException Behind(Network model) => new(FirstBad(model));

    private static string? FirstBad(Network model) =>
        FiniteTensors.First(model.named_parameters().Select(p => (p.name, (Tensor)p.parameter)));
}
