using ResLora.Models.Diffusion;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Diffusion;

public sealed class NoiseScheduleTests
{
    private const double Tolerance = 1e-12;          // double here and there, in another order
    private const double SingleTolerance = 1e-6;     // factors in float32

    private static readonly long[] _timesteps = [0, 999];

    [Fact]
    public void Betas_Linear_RiseEvenly()
    {
        var betas = new NoiseSchedule(Config("linear")).Betas;

        Assert.All(betas.Index(), one => Assert.Equal(0.00085 + (one.Index * (0.012 - 0.00085) / 999), one.Item, Tolerance));
    }

    [Fact]
    public void Betas_ScaledLinear_HaveRootsThatRiseEvenly()
    {
        var betas = new NoiseSchedule(Config("scaled_linear")).Betas;

        Assert.All(betas.Index(), one =>
        {
            var root = Math.Sqrt(0.00085) + (one.Index * (Math.Sqrt(0.012) - Math.Sqrt(0.00085)) / 999);
            Assert.Equal(root * root, one.Item, Tolerance);
        });
    }

    /// <summary>Up to the limit of 0.999, ᾱ is cos² itself over that of the start.</summary>
    [Fact]
    public void AlphaBars_SquaredCosine_FollowTheCosine()
    {
        double Signal(double share) => Math.Pow(Math.Cos((share + 0.008) / 1.008 * Math.PI / 2), 2);

        var schedule = new NoiseSchedule(Config("squaredcos_cap_v2"));

        Assert.All(schedule.AlphaBars.Take(990).Index(), one =>
            Assert.Equal(Signal((one.Index + 1) / 1000.0) / Signal(0), one.Item, Tolerance));
        Assert.Equal(0.999, schedule.Betas[^1]);
        Assert.Equal(schedule.AlphaBars[^2] * 0.001, schedule.AlphaBars[^1], Tolerance);
    }

    [Fact]
    public void AlphaBars_AnyBetas_AreTheProducts()
    {
        var schedule = new NoiseSchedule(Config("scaled_linear"));

        Assert.Equal(TestSchedules.Alphas(schedule.Betas), schedule.AlphaBars);
        Assert.Equal(0.0047, schedule.AlphaBars[^1], 4);   // as published pipelines have it: a trace of the picture is left
    }

    [Fact]
    public void Betas_OneTimestep_IsTheFirst()
    {
        var schedule = new NoiseSchedule(Config("scaled_linear") with { TrainTimesteps = 1 });

        Assert.Equal(0.00085, Assert.Single(schedule.Betas), Tolerance);
    }

    [Fact]
    public void AddNoise_AndVelocity_AreThoseOfTheEquations()
    {
        using var scope = NewDisposeScope();
        var schedule = new NoiseSchedule(Config("scaled_linear"));
        var (latents, noise) = (TestSchedules.Numbers(1), TestSchedules.Numbers(2));

        var (noisy, velocity) = (
            schedule.AddNoise(latents, noise, tensor(_timesteps)), schedule.Velocity(latents, noise, tensor(_timesteps)));

        for (var i = 0; i < 2; i++)
        {
            var alpha = schedule.AlphaBars[(int)_timesteps[i]];
            for (var j = 0; j < 12; j++)
            {
                var (x, e) = (latents[i].flatten()[j].item<double>(), noise[i].flatten()[j].item<double>());
                Assert.Equal((Math.Sqrt(alpha) * x) + (Math.Sqrt(1 - alpha) * e), noisy[i].flatten()[j].item<double>(), SingleTolerance);
                Assert.Equal((Math.Sqrt(alpha) * e) - (Math.Sqrt(1 - alpha) * x), velocity[i].flatten()[j].item<double>(), SingleTolerance);
            }
        }
    }

    /// <summary>What a network says right gives the picture back.</summary>
    [Theory]
    [InlineData("epsilon")]
    [InlineData("v_prediction")]
    [InlineData("sample")]
    public void Target_OfEachPrediction_GivesThePictureBack(string prediction)
    {
        using var scope = NewDisposeScope();
        var schedule = new NoiseSchedule(Config("scaled_linear") with { PredictionName = prediction });
        var (latents, noise, timesteps) = (TestSchedules.Numbers(1), TestSchedules.Numbers(2), full([2], 500, int64));

        var target = schedule.Target(latents, noise, timesteps);

        var noisy = schedule.AddNoise(latents, noise, timesteps);
        var back = TestSchedules.Picture(schedule.Prediction, noisy, target, schedule.AlphaBars[500]);
        Assert.Equal(0, TestSchedules.Distance(latents, back), 10 * SingleTolerance);
        Assert.NotSame(latents, target);
        Assert.NotSame(noise, target);
    }

    [Theory]
    [InlineData("epsilon")]
    [InlineData("v_prediction")]
    [InlineData("sample")]
    public void MinSnrWeights_OfEachPrediction_AreThoseOfThePaper(string prediction)
    {
        const double gamma = 5;
        using var scope = NewDisposeScope();
        var schedule = new NoiseSchedule(Config("scaled_linear") with { PredictionName = prediction });
        long[] timesteps = [0, 100, 400, 999];

        var (ratios, weights) = (schedule.Snr(tensor(timesteps)), schedule.MinSnrWeights(tensor(timesteps), gamma));

        Assert.Equal([4L], weights.shape);
        Assert.All(timesteps.Index(), one =>
        {
            var ratio = schedule.AlphaBars[(int)one.Item] / (1 - schedule.AlphaBars[(int)one.Item]);
            var cut = ratio < gamma ? ratio : gamma;
            var expected = prediction switch { "epsilon" => cut / ratio, "v_prediction" => cut / (ratio + 1), _ => cut };
            Assert.Equal(1, ratios[one.Index].item<float>() / ratio, SingleTolerance);
            Assert.Equal(1, weights[one.Index].item<float>() / expected, SingleTolerance);
        });
    }

    [Fact]
    public void AllOfIt_AgainAndAgain_LeavesNothingBehind()
    {
        using var scope = NewDisposeScope();
        var schedule = new NoiseSchedule(Config("scaled_linear"));
        var (latents, noise, timesteps) = (TestSchedules.Numbers(1), TestSchedules.Numbers(2), tensor(_timesteps));

        var growth = LiveTensors.Growth(() =>
        {
            schedule.AddNoise(latents, noise, timesteps).Dispose();
            schedule.Velocity(latents, noise, timesteps).Dispose();
            schedule.Target(latents, noise, timesteps).Dispose();
            schedule.Snr(timesteps).Dispose();
            schedule.MinSnrWeights(timesteps, 5).Dispose();
        });

        Assert.Equal(0, growth);
    }

    private static SchedulerConfig Config(string betas) => TestSchedules.Published with { BetaSchedule = betas };
}
