using ResLora.Models.Diffusion;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Diffusion;

/// <summary>Configurations for tests, and a network that knows the picture.</summary>
internal static class TestSchedules
{
    /// <summary>As pipelines of Stable Diffusion 1 are published.</summary>
    public static SchedulerConfig Published { get; } = new()
    {
        ClassName = "PNDMScheduler",
        BetaStart = 0.00085,
        BetaEnd = 0.012,
        BetaSchedule = "scaled_linear",
        StepsOffset = 1,
        EndsClean = false,
        SkipsRungeKutta = true,
    };

    /// <summary>Numbers [2, 3, 4] in double, drawn from a seed.</summary>
    public static Tensor Numbers(ulong seed)
    {
        using var generator = new Generator(seed, CPU);
        return randn([2, 3, 4], float64, generator: generator);
    }

    /// <summary>What a network says that knows the picture x₀ in x.</summary>
    public static Tensor Said(PredictionType prediction, Tensor latents, Tensor picture, double alpha)
    {
        var noise = (latents - (Math.Sqrt(alpha) * picture)) / Math.Sqrt(1 - alpha);
        return prediction switch
        {
            PredictionType.Noise => noise,
            PredictionType.Velocity => (Math.Sqrt(alpha) * noise) - (Math.Sqrt(1 - alpha) * picture),
            _ => picture.clone(),
        };
    }

    /// <summary>What a step is given in tests: x₀ in what the network says of x, by the equations of each kind of prediction.</summary>
    public static Tensor Picture(PredictionType prediction, Tensor latents, Tensor said, double alpha) => prediction switch
    {
        PredictionType.Noise => (latents - (Math.Sqrt(1 - alpha) * said)) / Math.Sqrt(alpha),
        PredictionType.Velocity => (Math.Sqrt(alpha) * latents) - (Math.Sqrt(1 - alpha) * said),
        _ => said,
    };

    /// <summary>ᾱ by multiplying, for every timestep.</summary>
    public static double[] Alphas(IEnumerable<double> betas)
    {
        var product = 1.0;
        return [.. betas.Select(beta => product *= 1 - beta)];
    }

    /// <summary>max|a − b|.</summary>
    public static double Distance(Tensor a, Tensor b)
    {
        using var scope = NewDisposeScope();
        return (a - b).abs().max().to(float64).item<double>();
    }
}
