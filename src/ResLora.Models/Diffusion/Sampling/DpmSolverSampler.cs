using static TorchSharp.torch;

namespace ResLora.Models.Diffusion.Sampling;

/// <summary>
/// DPM-Solver++ of second order in several steps. With α = √ᾱ, σ̂ = √(1 − ᾱ), λ = log(α / σ̂) and h the step in λ:
/// x' = (σ̂' / σ̂) x − α' (e⁻ʰ − 1) D, where D is x̂₀, from the second step on led on by the last one: x̂₀ + (x̂₀ − x̂₀ before) / (2 r).
/// </summary>
/// <remarks>Lu et al., arXiv:2211.01095, algorithm 2. The first and the last step are of first order.</remarks>
internal sealed class DpmSolverSampler : SigmaSampler
{
    private Tensor? _last;

    public DpmSolverSampler(SchedulerConfig config, int steps) : base(Samplers.DpmSolver, config, steps, TimestepsOf(config, steps))
    {
    }

    /// <inheritdoc />
    public override Tensor Step(Tensor output, int step, Tensor latents, Generator? generator = null)
    {
        if (step == 0)
        {
            Forget();
        }

        using var scope = NewDisposeScope();
        var (alpha, noise) = Scales(Sigmas[step]);
        var (nextAlpha, nextNoise) = Scales(Sigmas[step + 1]);
        var sample = Config.Prediction switch
        {
            PredictionType.Noise => (latents - (noise * output)) / alpha,
            PredictionType.Velocity => (alpha * latents) - (noise * output),
            _ => output,
        };
        var length = Lambda(step + 1) - Lambda(step);
        var direction = sample;
        if (_last is not null && step < Timesteps.Count - 1)
        {
            var ratio = (Lambda(step) - Lambda(step - 1)) / length;
            direction = sample + ((sample - _last) / (2 * ratio));
        }

        var next = (nextNoise / noise * latents) - (nextAlpha * (Math.Exp(-length) - 1) * direction);
        Forget();
        _last = step == Timesteps.Count - 1 ? null : sample.clone().DetachFromDisposeScope();
        return next.MoveToOuterDisposeScope();
    }

    private protected override void Forget()
    {
        _last?.Dispose();
        _last = null;
    }

    private double Lambda(int step) => -Math.Log(Sigmas[step]);   // log(α / σ̂) is −log σ; infinite at the end

    private static (double Alpha, double Noise) Scales(double sigma)
    {
        var alpha = 1 / Math.Sqrt((sigma * sigma) + 1);
        return (alpha, sigma * alpha);
    }

    private static double[] TimestepsOf(SchedulerConfig config, int steps) => (config.SpacingName ?? "linspace") switch
    {
        "leading" => Spacing.Leading(config.TrainTimesteps, config.TrainTimesteps / (steps + 1), steps + 1, config.StepsOffset)[..^1],
        "trailing" => Spacing.Trailing(config.TrainTimesteps, steps),
        _ => [.. Spacing.Even(config.TrainTimesteps, steps + 1).Select(t => Math.Round(t, MidpointRounding.ToEven)).Take(steps)],
    };
}
