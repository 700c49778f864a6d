using static TorchSharp.torch;

namespace ResLora.Models.Diffusion.Sampling;

/// <summary>DDPM: each step draws from the distribution of less noisy latents, given the noisy ones and what is taken for the
/// picture.</summary>
/// <remarks>Ho et al., arXiv:2006.11239, equations 6 and 7.</remarks>
internal sealed class DdpmSampler : Sampler
{
    private const double LeastVariance = 1e-20;

    private readonly double[] _timesteps;

    public DdpmSampler(SchedulerConfig config, int steps) : base(Samplers.Ddpm, config, steps) =>
        _timesteps = Spacing.Of(config, "leading", steps);

    /// <inheritdoc />
    public override IReadOnlyList<double> Timesteps => _timesteps;

    /// <inheritdoc />
    public override bool DrawsNoise => true;

    /// <inheritdoc />
    public override Tensor Step(Tensor output, int step, Tensor latents, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(generator);
        using var scope = NewDisposeScope();
        var timestep = (int)_timesteps[step];
        var (alpha, before) = (
            AlphaAt(timestep, endsClean: false), AlphaAt(step + 1 < StepCount ? (int)_timesteps[step + 1] : -1, endsClean: true));
        var kept = alpha / before;
        var sample = Cut(Parts(output, latents, alpha).Sample);
        var mean = (Math.Sqrt(before) * (1 - kept) / (1 - alpha) * sample) + (Math.Sqrt(kept) * (1 - before) / (1 - alpha) * latents);
        if (timestep > 0)
        {
            var variance = Math.Max((1 - before) / (1 - alpha) * (1 - kept), LeastVariance);
            mean += Math.Sqrt(variance) * randn(latents.shape, latents.dtype, generator: generator).to(latents.device);
        }

        return mean.MoveToOuterDisposeScope();
    }
}
