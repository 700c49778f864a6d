using ResLora.Models.Diffusion;
using ResLora.Models.Diffusion.Sampling;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Diffusion.Sampling;

public sealed class DpmSolverSamplerTests
{
    private const double Tolerance = 1e-11;   // logarithms and their exponentials, in double

    /// <summary>999, 666, 333 on the way to 0 in three steps; 0 itself is no step.</summary>
    private static readonly int[] _timesteps = [999, 666, 333];

    [Theory]
    [InlineData("epsilon")]
    [InlineData("v_prediction")]
    [InlineData("sample")]
    public void Step_FirstAndSecond_AreThoseOfThePaper(string prediction)
    {
        using var scope = NewDisposeScope();
        var config = TestSchedules.Published with { PredictionName = prediction };
        using var sampler = Samplers.Of(config, 3, "dpm++");
        var (latents, said, saidThen) = (TestSchedules.Numbers(1), TestSchedules.Numbers(2), TestSchedules.Numbers(3));

        var first = sampler.Step(said, 0, latents);
        var second = sampler.Step(saidThen, 1, first);

        var alphas = new NoiseSchedule(config).AlphaBars;
        double Lambda(int timestep) => 0.5 * Math.Log(alphas[timestep] / (1 - alphas[timestep]));
        // Exact for a picture that stays: the integral of α e^λ from λ to λ'.
        Tensor Solve(Tensor x, Tensor picture, int from, int to) =>
            (Math.Sqrt((1 - alphas[to]) / (1 - alphas[from])) * x)
            + (Math.Sqrt(1 - alphas[to]) * (Math.Exp(Lambda(to)) - Math.Exp(Lambda(from))) * picture);
        var (before, now) = (
            TestSchedules.Picture(config.Prediction, latents, said, alphas[999]), TestSchedules.Picture(
                config.Prediction, first, saidThen, alphas[666]));
        var ratio = (Lambda(666) - Lambda(999)) / (Lambda(333) - Lambda(666));
        var led = ((1 + (1 / (2 * ratio))) * now) - (1 / (2 * ratio) * before);
        Assert.Equal(_timesteps.Select(t => (double)t), sampler.Timesteps);
        Assert.Equal(0, TestSchedules.Distance(Solve(latents, before, 999, 666), first), Tolerance);
        Assert.Equal(0, TestSchedules.Distance(Solve(first, led, 666, 333), second), Tolerance);
    }

    [Fact]
    public void Step_Last_IsThePictureOfItAlone()
    {
        using var scope = NewDisposeScope();
        using var sampler = Samplers.Of(TestSchedules.Published, 3, "dpm++");
        var latents = TestSchedules.Numbers(1);
        var said = TestSchedules.Numbers(4);
        sampler.Step(TestSchedules.Numbers(2), 0, latents);
        sampler.Step(TestSchedules.Numbers(3), 1, latents);

        var last = sampler.Step(said, 2, latents);

        var alpha = new NoiseSchedule(TestSchedules.Published).AlphaBars[333];
        Assert.Equal(0, TestSchedules.Distance(TestSchedules.Picture(PredictionType.Noise, latents, said, alpha), last), Tolerance);
    }
}
