using ResLora.Adapters;
using ResLora.Formats.Errors;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>
/// A moving average of what is trained, to be evaluated and saved in its place. With p the numbers that step n, from 0, has made:
/// <code>
/// a ← d a + (1 − d) p        d = min(decay, (1 + n) / (10 + n)), and 0 for n = 0
/// </code>
/// so that the numbers of the first steps are soon forgotten.
/// </summary>
/// <remarks>The rise of d is that of EMAModel in Hugging Face's diffusers (training_utils.py), without its use_ema_warmup.</remarks>
public sealed class WeightAverage : IDisposable
{
    private readonly double _decay;
    private readonly Part[] _parts;
    private bool _isInUse;

    /// <summary>Starts with the numbers as they are.</summary>
    /// <param name="parameters">What is trained, by name; borrowed.</param>
    /// <param name="decay">The highest d, above 0 and below 1.</param>
    public WeightAverage(IEnumerable<KeyValuePair<string, Parameter>> parameters, double decay)
    {
        using var noGradient = no_grad();
        ArgumentNullException.ThrowIfNull(parameters);
        _decay = decay;
        _parts = [.. parameters.Select(p => new Part($"average.{p.Key}", p.Value, p.Value.clone().DetachFromDisposeScope()))];
    }

    /// <summary>The averages by name, <c>average.NAME</c>; borrowed.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State => _parts.Select(part => KeyValuePair.Create(part.Name, part.Mean));

    /// <summary>Refuses an adapter whose method an average would undo.</summary>
    /// <param name="config">How to train.</param>
    /// <param name="adapter">The adapter; null for none.</param>
    /// <exception cref="ConfigException">The method and <see cref="TrainConfig.Ema"/> do not go together.</exception>
    public static void RequireFit(TrainConfig config, AdaptedModel? adapter)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.Ema is not null && adapter?.Config.Kind is { WhyNotAveraged: { } reason } method)
        {
            throw new ConfigException($"training.ema does not go with {method.Title}, {reason}; leave one of them out.");
        }
    }

    /// <summary>A step was made.</summary>
    /// <param name="step">Which, from 0.</param>
    public void Update(int step)
    {
        using var noGradient = no_grad();
        var decay = step == 0 ? 0 : Math.Min(_decay, (1.0 + step) / (10.0 + step));
        foreach (var (_, parameter, mean) in _parts)
        {
            using var scope = NewDisposeScope();
            mean.mul_(decay).add_(parameter, alpha: 1 - decay);
        }
    }

    /// <summary>Puts the averages where the model has its numbers until the result is disposed, which puts these back bit for
    /// bit.</summary>
    /// <returns>To be disposed before the next step, and before another use.</returns>
    /// <exception cref="InvalidOperationException">They are there already.</exception>
    public IDisposable Use()
    {
        if (_isInUse)
        {
            throw new InvalidOperationException("The averages are in their place already.");
        }

        Exchange();
        return new Turn(this);
    }

    /// <summary>Leaves the averages where the model has its numbers, for good.</summary>
    public void Keep()
    {
        using var noGradient = no_grad();
        foreach (var (_, parameter, mean) in _parts)
        {
            using var scope = NewDisposeScope();
            parameter.copy_(mean);
        }
    }

    /// <summary>Frees the averages.</summary>
    public void Dispose() => Array.ForEach(_parts, part => part.Mean.Dispose());

    private void Exchange()
    {
        using var noGradient = no_grad();
        _isInUse = !_isInUse;
        foreach (var (_, parameter, mean) in _parts)
        {
            using var scope = NewDisposeScope();
            var before = parameter.clone();
            parameter.copy_(mean);
            mean.copy_(before);
        }
    }

    private sealed record Part(string Name, Parameter Parameter, Tensor Mean);

    private sealed class Turn(WeightAverage average) : IDisposable
    {
        public void Dispose() => average.Exchange();
    }
}
