using static TorchSharp.torch;

namespace ResLora.Models.Diffusion.Sampling;

/// <summary>Euler's steps on the latents z = x / √ᾱ: z' = z + (σ' − σ) (z − x̂₀) / σ.</summary>
/// <remarks>Karras et al., arXiv:2206.00364, algorithm 1 without its second half.</remarks>
internal sealed class EulerSampler : SigmaSampler
{
    private readonly string _spacing;

    public EulerSampler(SchedulerConfig config, int steps) : base(Samplers.Euler, config, steps, TimestepsOf(config, steps)) =>
        _spacing = config.SpacingName ?? "linspace";

    /// <inheritdoc />
    public override double InitialScale => _spacing == "leading" ? Math.Sqrt((Sigmas[0] * Sigmas[0]) + 1) : Sigmas[0];

    /// <inheritdoc />
    public override Tensor Scale(Tensor latents, int step)
    {
        ArgumentNullException.ThrowIfNull(latents);
        return latents / Math.Sqrt((Sigmas[step] * Sigmas[step]) + 1);
    }

    /// <inheritdoc />
    public override Tensor Step(Tensor output, int step, Tensor latents, Generator? generator = null)
    {
        using var scope = NewDisposeScope();
        var (sigma, next) = (Sigmas[step], Sigmas[step + 1]);
        var square = (sigma * sigma) + 1;
        var sample = Config.Prediction switch
        {
            PredictionType.Noise => latents - (sigma * output),
            PredictionType.Velocity => (latents / square) - (sigma / Math.Sqrt(square) * output),
            _ => output,
        };
        return (latents + ((next - sigma) * (latents - sample) / sigma)).MoveToOuterDisposeScope();
    }

    private static double[] TimestepsOf(SchedulerConfig config, int steps) => (config.SpacingName ?? "linspace") == "linspace"
        ? Spacing.Even(config.TrainTimesteps, steps)
        : Spacing.Of(config, "linspace", steps);
}
