using ResLora.Models.Diffusion;
using ResLora.Models.Diffusion.Sampling;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Diffusion.Sampling;

/// <summary>What holds for all samplers.</summary>
public sealed class SamplerTests
{
    private const double Tolerance = 1e-8;   // double, through at most 50 steps that divide by √ᾱ down to 0.07

    public static TheoryData<string, string, string, int> Runs
    {
        get
        {
            var runs = new TheoryData<string, string, string, int>();
            foreach (var name in Samplers.Names)
            {
                // PNDM leads velocities on, which change from step to step though the picture stays.
                foreach (var prediction in name == "pndm" ? ["epsilon", "sample"] : new[] { "epsilon", "v_prediction", "sample" })
                {
                    foreach (var (spacing, steps) in new[] { ("leading", 1), ("leading", 7), ("leading", 50), ("trailing", 20), ("trailing", 2) })
                    {
                        runs.Add(name, prediction, spacing, steps);
                    }
                }
            }

            return runs;
        }
    }

    public static TheoryData<string> Names => [.. Samplers.Names];

    /// <summary>A network that knows the picture leads every sampler to it, from any noise.</summary>
    [Theory]
    [MemberData(nameof(Runs))]
    public void Step_NetworkThatKnowsThePicture_EndsAtIt(string name, string prediction, string spacing, int steps)
    {
        using var scope = NewDisposeScope();
        var config = TestSchedules.Published with { PredictionName = prediction, SpacingName = spacing, EndsClean = true };
        var picture = TestSchedules.Numbers(1);

        var end = Run(config, name, steps, picture, steps: null);

        Assert.Equal(0, TestSchedules.Distance(picture, end), Tolerance);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Step_ToTheEnd_LeavesNothingBehind(string name)
    {
        using var scope = NewDisposeScope();
        var picture = TestSchedules.Numbers(1);
        Run(TestSchedules.Published, name, 6, picture, steps: null).Dispose();

        var growth = LiveTensors.Growth(() => Run(TestSchedules.Published, name, 6, picture, steps: null).Dispose());

        Assert.Equal(0, growth);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Dispose_InTheMiddle_FreesWhatIsRemembered(int made)
    {
        using var scope = NewDisposeScope();
        var picture = TestSchedules.Numbers(1);
        Assert.All(Samplers.Names, name =>
        {
            var growth = LiveTensors.Growth(() => Run(TestSchedules.Published, name, 6, picture, made).Dispose());

            Assert.True(growth == 0, $"{name}: {growth}");
        });
    }

    /// <summary>Else the test above would see nothing.</summary>
    [Theory]
    [InlineData("pndm")]
    [InlineData("dpm++")]
    public void Step_InTheMiddle_IsRememberedUntilDisposed(string name)
    {
        using var scope = NewDisposeScope();
        using var sampler = Samplers.Of(TestSchedules.Published, 6, name);
        var latents = TestSchedules.Numbers(1);

        var growth = LiveTensors.Growth(() => sampler.Step(latents, 0, latents).Dispose());

        Assert.True(growth > 0);
        Assert.Equal(-growth, LiveTensors.Growth(sampler.Dispose));
        Assert.Equal(0, LiveTensors.Growth(sampler.Dispose));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Step_FromTheStartAgain_ForgetsTheFirstTry(string name)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        using var fresh = Samplers.Of(TestSchedules.Published, 6, name);
        using var used = Samplers.Of(TestSchedules.Published, 6, name);
        var (latents, said) = (TestSchedules.Numbers(1), TestSchedules.Numbers(2));
        for (var step = 0; step < 3; step++)
        {
            used.Step(latents, step, said, generator);
        }

        var (one, other) = (latents, latents);
        for (var step = 0; step < 4; step++)
        {
            one = fresh.Step(said, step, one, generator.manual_seed(step));
            other = used.Step(said, step, other, generator.manual_seed(step));
        }

        Assert.Equal(0, TestSchedules.Distance(one, other));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Step_AnyInput_IsLeftAsItWas(string name)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        using var sampler = Samplers.Of(TestSchedules.Published with { PredictionName = "sample" }, 1, name);
        var (latents, said) = (TestSchedules.Numbers(1), TestSchedules.Numbers(2));

        using var next = sampler.Step(said, 0, latents, generator);
        next.zero_();

        Assert.Equal(0, TestSchedules.Distance(TestSchedules.Numbers(1), latents));
        Assert.Equal(0, TestSchedules.Distance(TestSchedules.Numbers(2), said));
    }

    /// <summary>Latents after some steps (null: all) from noise, with a network that knows the picture.</summary>
    private static Tensor Run(SchedulerConfig config, string name, int count, Tensor picture, int? steps)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(9, CPU);
        using var sampler = Samplers.Of(config, count, name);
        var schedule = new NoiseSchedule(config);
        var latents = TestSchedules.Numbers(7) * sampler.InitialScale;
        for (var step = 0; step < (steps ?? sampler.Timesteps.Count); step++)
        {
            var alpha = sampler.Sigmas.Count > 0
                ? 1 / ((sampler.Sigmas[step] * sampler.Sigmas[step]) + 1)
                : schedule.AlphaBars[(int)sampler.Timesteps[step]];
            // DPM-Solver++ has sigmas, and latents that are as the network sees them.
            var seen = sampler.Scale(latents, step);
            latents = sampler.Step(TestSchedules.Said(config.Prediction, seen, picture, alpha), step, latents, generator);
        }

        return latents.MoveToOuterDisposeScope();
    }
}
