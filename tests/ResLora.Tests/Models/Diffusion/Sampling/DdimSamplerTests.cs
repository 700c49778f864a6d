using ResLora.Models.Diffusion;
using ResLora.Models.Diffusion.Sampling;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Diffusion.Sampling;

public sealed class DdimSamplerTests
{
    private const double Tolerance = 1e-12;

    [Theory]
    [InlineData("epsilon", 0, 801)]
    [InlineData("epsilon", 3, 201)]
    [InlineData("v_prediction", 1, 601)]
    [InlineData("sample", 2, 401)]
    public void Step_OneStep_IsThatOfThePaper(string prediction, int step, int timestep)
    {
        using var scope = NewDisposeScope();
        var config = TestSchedules.Published with { PredictionName = prediction };
        using var sampler = Samplers.Of(config, 5, "ddim");
        var (latents, said) = (TestSchedules.Numbers(1), TestSchedules.Numbers(2));

        var next = sampler.Step(said, step, latents);

        var alphas = new NoiseSchedule(config).AlphaBars;
        var (now, then) = (alphas[timestep], alphas[timestep - 200]);
        var picture = TestSchedules.Picture(config.Prediction, latents, said, now);
        var noise = (latents - (Math.Sqrt(now) * picture)) / Math.Sqrt(1 - now);
        Assert.Equal(timestep, sampler.Timesteps[step]);
        Assert.Equal(0, TestSchedules.Distance((Math.Sqrt(then) * picture) + (Math.Sqrt(1 - then) * noise), next), Tolerance);
    }

    /// <summary>The picture is cut, the noise is not.</summary>
    [Fact]
    public void Step_CutToARange_KeepsTheNoise()
    {
        using var scope = NewDisposeScope();
        var config = TestSchedules.Published with { ClipsSample = true, ClipRange = 0.25 };
        using var sampler = Samplers.Of(config, 5, "ddim");
        var (latents, said) = (TestSchedules.Numbers(1), TestSchedules.Numbers(2));

        var next = sampler.Step(said, 4, latents);

        var alphas = new NoiseSchedule(config).AlphaBars;
        var picture = TestSchedules.Picture(PredictionType.Noise, latents, said, alphas[1]).clamp(-0.25, 0.25);
        Assert.Equal(0, TestSchedules.Distance((Math.Sqrt(alphas[0]) * picture) + (Math.Sqrt(1 - alphas[0]) * said), next), Tolerance);
    }
}
