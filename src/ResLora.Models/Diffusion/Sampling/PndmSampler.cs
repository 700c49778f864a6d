using static TorchSharp.torch;

namespace ResLora.Models.Diffusion.Sampling;

/// <summary>
/// PNDM in linear multi-steps: the noise of a step is led on by that of up to three before, and goes into DDIM's own step. The second
/// timestep comes twice: its first result begins again from the first latents with the mean of both.
/// </summary>
/// <remarks>Liu et al., arXiv:2202.09778, equations 9, 11 and 12.</remarks>
internal sealed class PndmSampler : Sampler
{
    private const int Remembered = 4;

    private readonly double[] _timesteps;
    private readonly List<Tensor> _said = [];
    private Tensor? _first;

    public PndmSampler(SchedulerConfig config, int steps) : base(Samplers.Pndm, config, steps)
    {
        var plain = Spacing.Of(config, "leading", steps);
        _timesteps = plain.Length == 1 ? plain : [plain[0], plain[1], .. plain[1..]];
    }

    /// <inheritdoc />
    public override IReadOnlyList<double> Timesteps => _timesteps;

    /// <inheritdoc />
    public override Tensor Step(Tensor output, int step, Tensor latents, Generator? generator = null)
    {
        if (step == 0)
        {
            Forget();
        }

        using var scope = NewDisposeScope();
        var length = Config.TrainTimesteps / StepCount;
        var timestep = (int)_timesteps[step];
        var isRepeat = step == 1;
        var (from, to) = isRepeat ? (timestep + length, timestep) : (timestep, timestep - length);
        if (!isRepeat)
        {
            Remember(output);
        }

        var mean = isRepeat ? (output + _said[^1]) / 2 : LedOn();
        var start = isRepeat ? _first! : latents;
        if (step == 0)
        {
            _first = latents.clone().DetachFromDisposeScope();
        }

        var next = Transfer(start, mean, AlphaAt(from, endsClean: false), AlphaAt(to, Config.EndsClean ?? false)).MoveToOuterDisposeScope();
        if (step > 0)
        {
            ForgetFirst();
        }

        if (step == _timesteps.Length - 1)
        {
            Forget();
        }

        return next;
    }

    private protected override void Forget()
    {
        ForgetFirst();
        _said.ForEach(said => said.Dispose());
        _said.Clear();
    }

    private void ForgetFirst()
    {
        _first?.Dispose();
        _first = null;
    }

    private void Remember(Tensor output)
    {
        _said.Add(output.clone().DetachFromDisposeScope());
        if (_said.Count > Remembered)
        {
            _said[0].Dispose();
            _said.RemoveAt(0);
        }
    }

    /// <summary>Adams and Bashforth's weights for as many steps as there are.</summary>
    private Tensor LedOn() => _said.Count switch
    {
        1 => _said[0],
        2 => ((3 * _said[1]) - _said[0]) / 2,
        3 => ((23 * _said[2]) - (16 * _said[1]) + (5 * _said[0])) / 12,
        _ => ((55 * _said[3]) - (59 * _said[2]) + (37 * _said[1]) - (9 * _said[0])) / 24,
    };

    private Tensor Transfer(Tensor latents, Tensor said, double from, double to)
    {
        var noise = Config.Prediction switch
        {
            PredictionType.Velocity => (Math.Sqrt(from) * said) + (Math.Sqrt(1 - from) * latents),
            PredictionType.Sample => (latents - (Math.Sqrt(from) * said)) / Math.Sqrt(1 - from),
            _ => said,
        };
        var divisor = (from * Math.Sqrt(1 - to)) + Math.Sqrt(from * (1 - from) * to);
        return (Math.Sqrt(to / from) * latents) - ((to - from) / divisor * noise);
    }
}
