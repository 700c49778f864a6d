
namespace ResLora.Models.Diffusion.Sampling;

/// <summary>What reckons with σ = √((1 − ᾱ) / ᾱ), the noise's share of latents whose picture is not scaled down.</summary>
/// <remarks>Karras et al., arXiv:2206.00364, table 1.</remarks>
internal abstract class SigmaSampler : Sampler
{
    private readonly double[] _timesteps;
    private readonly double[] _sigmas;

    private protected SigmaSampler(string name, SchedulerConfig config, int steps, double[] timesteps) : base(name, config, steps)
    {
        _timesteps = timesteps;
        _sigmas = [.. timesteps.Select(SigmaAt), 0];
    }

    /// <inheritdoc />
    public override IReadOnlyList<double> Timesteps => _timesteps;

    /// <inheritdoc />
    public override IReadOnlyList<double> Sigmas => _sigmas;

    /// <summary>Between two timesteps on the straight line.</summary>
    private double SigmaAt(double timestep)
    {
        double Whole(int t)
        {
            var alpha = Schedule.AlphaBars[Math.Clamp(t, 0, Schedule.TrainTimesteps - 1)];
            return Math.Sqrt((1 - alpha) / alpha);
        }

        var lower = (int)Math.Floor(timestep);
        return double.Lerp(Whole(lower), Whole(lower + 1), timestep - lower);
    }
}
