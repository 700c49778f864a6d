using static TorchSharp.torch;

namespace ResLora.Models.Diffusion.Sampling;

/// <summary>DDIM without new noise: x_s = √ᾱ_s x̂₀ + √(1 − ᾱ_s) ε̂.</summary>
/// <remarks>Song et al., arXiv:2010.02502, equation 12 with σ = 0.</remarks>
internal sealed class DdimSampler : Sampler
{
    private readonly double[] _timesteps;

    public DdimSampler(SchedulerConfig config, int steps) : base(Samplers.Ddim, config, steps) =>
        _timesteps = Spacing.Of(config, "leading", steps);

    /// <inheritdoc />
    public override IReadOnlyList<double> Timesteps => _timesteps;

    /// <inheritdoc />
    public override Tensor Step(Tensor output, int step, Tensor latents, Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        var timestep = (int)_timesteps[step];
        var before = AlphaAt(timestep - (Config.TrainTimesteps / StepCount), Config.EndsClean ?? true);
        var (sample, noise) = Parts(output, latents, AlphaAt(timestep, endsClean: false));
        return ((Math.Sqrt(before) * Cut(sample)) + (Math.Sqrt(1 - before) * noise)).MoveToOuterDisposeScope();
    }
}
