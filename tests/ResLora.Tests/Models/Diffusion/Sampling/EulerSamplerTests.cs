using ResLora.Models.Diffusion;
using ResLora.Models.Diffusion.Sampling;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Diffusion.Sampling;

public sealed class EulerSamplerTests
{
    private const double Tolerance = 1e-12;

    [Theory]
    [InlineData("epsilon")]
    [InlineData("v_prediction")]
    [InlineData("sample")]
    public void Step_OneStep_FollowsTheSlope(string prediction)
    {
        using var scope = NewDisposeScope();
        var config = TestSchedules.Published with { PredictionName = prediction };
        using var sampler = Samplers.Of(config, 4, "euler");   // 999, 666, 333, 0
        var (latents, said) = (TestSchedules.Numbers(1) * 3, TestSchedules.Numbers(2));

        var (seen, next) = (sampler.Scale(latents, 1), sampler.Step(said, 1, latents));

        var alphas = new NoiseSchedule(config).AlphaBars;
        double Sigma(int timestep) => Math.Sqrt((1 - alphas[timestep]) / alphas[timestep]);
        var picture = TestSchedules.Picture(config.Prediction, latents * Math.Sqrt(alphas[666]), said, alphas[666]);
        var slope = (latents - picture) / Sigma(666);
        Assert.Equal(0, TestSchedules.Distance(latents * Math.Sqrt(alphas[666]), seen), Tolerance);
        Assert.Equal(0, TestSchedules.Distance(latents + ((Sigma(333) - Sigma(666)) * slope), next), Tolerance);
    }

    [Fact]
    public void Sigmas_TimestepWithAFraction_LieOnTheLineBetween()
    {
        using var sampler = Samplers.Of(TestSchedules.Published, 3, "euler");   // 999, 499.5, 0

        var alphas = new NoiseSchedule(TestSchedules.Published).AlphaBars;
        double Sigma(int timestep) => Math.Sqrt((1 - alphas[timestep]) / alphas[timestep]);
        double[] expected = [Sigma(999), (Sigma(499) + Sigma(500)) / 2, Sigma(0), 0];
        Assert.Equal(499.5, sampler.Timesteps[1]);
        Assert.Equal(expected.Length, sampler.Sigmas.Count);
        Assert.All(expected.Index(), one => Assert.Equal(one.Item, sampler.Sigmas[one.Index], Tolerance));
    }

    [Theory]
    [InlineData("linspace", false)]
    [InlineData("trailing", false)]
    [InlineData("leading", true)]
    public void InitialScale_OfEachSpacing_IsTheNoiseOrAllOfIt(string spacing, bool isAll)
    {
        using var sampler = Samplers.Of(TestSchedules.Published with { SpacingName = spacing }, 5, "euler");

        var first = sampler.Sigmas[0];
        Assert.Equal(isAll ? Math.Sqrt((first * first) + 1) : first, sampler.InitialScale, Tolerance);
    }
}
