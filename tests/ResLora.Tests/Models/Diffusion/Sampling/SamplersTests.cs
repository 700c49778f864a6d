using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Models.Diffusion;
using ResLora.Models.Diffusion.Sampling;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Diffusion.Sampling;

public sealed class SamplersTests
{
    private static readonly string[] _spacings = ["leading", "trailing", "linspace"];

    public static TheoryData<string> Names => [.. Samplers.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_AnyStepsAndSpacing_StaysInsideTheSchedule(string name)
    {
        foreach (var spacing in _spacings)
        {
            foreach (var (all, offset) in new[] { (1, 0), (2, 1), (7, 1), (10, 0), (1000, 0), (1000, 1) })
            {
                foreach (var steps in new[] { 1, 2, 3, 6, 7, 20, 333, 334, 500, 667, 999, 1000 })
                {
                    if (steps > all || (name == "dpm++" && steps == all))
                    {
                        continue;
                    }

                    var config = TestSchedules.Published with { TrainTimesteps = all, StepsOffset = offset, SpacingName = spacing };
                    using var sampler = Samplers.Of(config, steps, name);

                    var place = $"{spacing}, {steps} of {all}, offset {offset}";
                    var told = name == "pndm" ? [.. sampler.Timesteps.Distinct()] : sampler.Timesteps;
                    Assert.True(steps == told.Count, place);
                    Assert.All(told, timestep => Assert.True(timestep >= 0 && timestep <= all - 1, $"{timestep}: {place}"));
                    Assert.Equal(told.OrderDescending(), told);
                    Assert.True(told.Distinct().Count() == steps, place);
                }
            }
        }
    }

    [Theory]
    [InlineData("ddpm", "leading")]
    [InlineData("ddim", "leading")]
    [InlineData("ddim", "trailing")]
    [InlineData("ddim", "linspace")]
    [InlineData("euler", "leading")]
    [InlineData("euler", "linspace")]
    [InlineData("dpm++", "trailing")]
    public void Of_AsManyStepsAsTimesteps_TakesEachOnce(string name, string spacing)
    {
        using var sampler = Samplers.Of(TestSchedules.Published with { SpacingName = spacing }, 1000, name);

        Assert.Equal(Enumerable.Range(0, 1000).Reverse().Select(t => (double)t), sampler.Timesteps.Select(t => Math.Round(t, 9)));
    }

    [Theory]
    [InlineData("ddim", 0, "give 1 to 1000")]
    [InlineData("ddim", -5, "give 1 to 1000")]
    [InlineData("ddim", 1001, "give 1 to 1000")]
    [InlineData("dpm++", 1000, "give 1 to 999")]
    public void Of_TooManyOrTooFewSteps_SaysHowManyThereMayBe(string name, int steps, string told)
    {
        var exception = Assert.Throws<ConfigException>(() => Samplers.Of(TestSchedules.Published, steps, name));

        Assert.Contains(told, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_OffsetThatLeadsOutOfTheSchedule_IsRefused()
    {
        var config = TestSchedules.Published with { StepsOffset = 500, SpacingName = "leading" };

        var exception = Assert.Throws<ConfigException>(() => Samplers.Of(config, 20, "ddim"));

        Assert.Contains("begins at timestep 1450, and the last is 999", exception.Message, StringComparison.Ordinal);
        Samplers.Of(config, 2, "ddim").Dispose();
    }

    [Theory]
    [InlineData("dimm", "'ddim'")]
    [InlineData("heun", "Samplers: ddim, ddpm, pndm, euler, dpm++")]
    public void Of_UnknownName_NamesTheNearestAndAll(string name, string told)
    {
        var exception = Assert.Throws<ConfigException>(() => Samplers.Of(TestSchedules.Published, 20, name));

        Assert.Contains(told, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_NoName_IsTheConfigurationsOwn()
    {
        using var own = Samplers.Of(TestSchedules.Published, 20);
        using var other = Samplers.Of(TestSchedules.Published, 20, "EULER");

        Assert.Equal(("pndm", "euler"), (own.Name, other.Name));
    }

    [Fact]
    public void Of_RungeKuttaSteps_AreRefusedUnlessPndmIsChosenByName()
    {
        var config = TestSchedules.Published with { SkipsRungeKutta = false };

        var exception = Assert.Throws<ConfigException>(() => Samplers.Of(config, 20));
        using var chosen = Samplers.Of(config, 20, "pndm");
        using var other = Samplers.Of(config, 20, "ddim");

        Assert.Contains("skip_prk_steps", exception.Message, StringComparison.Ordinal);
        Assert.Equal(("pndm", "ddim"), (chosen.Name, other.Name));
    }

    [Theory]
    [InlineData("algorithm_type", "\"sde-dpmsolver++\"", "dpm++")]
    [InlineData("solver_order", "3", "dpm++")]
    [InlineData("solver_type", "\"heun\"", "dpm++")]
    [InlineData("lambda_min_clipped", "-5.1", "dpm++")]
    [InlineData("use_karras_sigmas", "true", "dpm++ euler")]
    [InlineData("final_sigmas_type", "\"sigma_min\"", "dpm++ euler")]
    [InlineData("timestep_type", "\"continuous\"", "euler")]
    [InlineData("variance_type", "\"learned_range\"", "ddpm dpm++")]
    [InlineData("thresholding", "true", "ddim ddpm dpm++")]
    public void Of_KeyThatOnlySomeLookAt_IsRefusedByThoseByName(string key, string value, string names)
    {
        using var json = JsonDocument.Parse(value);
        var config = TestSchedules.Published with { Unread = new() { [key] = json.RootElement } };

        Assert.All(Samplers.Names, name =>
        {
            if (names.Split(' ').Contains(name))
            {
                Assert.Contains(key, Assert.Throws<ConfigException>(() => Samplers.Of(config, 20, name)).Message, StringComparison.Ordinal);
            }
            else
            {
                Samplers.Of(config, 20, name).Dispose();
            }
        });
    }

    /// <summary>Keys that nobody set have the defaults of the sampler that is chosen, not of the configuration's class.</summary>
    [Fact]
    public void Of_AnotherSampler_HasItsOwnDefaults()
    {
        var config = TestSchedules.Published with { EndsClean = null };

        double End(string name) => LastStepOf(config, name, scale: 0);

        var alpha = new NoiseSchedule(config).AlphaBars[0];
        Assert.Equal(0, End("ddim"), 1e-9);
        Assert.Equal(Math.Sqrt(1 - alpha), End("pndm"), 1e-9);
        Assert.Equal(999, FirstTimestep(config, "euler"));
        Assert.Equal(951, FirstTimestep(config, "ddim"));
    }

    [Theory]
    [InlineData("ddim", false, 7)]
    [InlineData("ddpm", false, 7)]
    [InlineData("ddim", true, 1.5)]
    [InlineData("ddpm", true, 1.5)]
    public void Of_SamplerThatMayCut_CutsOnlyWhereTheConfigurationSaysSo(string name, bool cuts, double expected)
    {
        var config = TestSchedules.Published with { ClassName = "EulerDiscreteScheduler", EndsClean = null, ClipRange = 1.5 };
        config = cuts ? config with { ClipsSample = true } : config;

        Assert.Equal(expected, LastStepOf(config, name, scale: 7), 1e-6);
    }

    private static double FirstTimestep(SchedulerConfig config, string name)
    {
        using var sampler = Samplers.Of(config, 20, name);
        return sampler.Timesteps[0];
    }

    /// <summary>What is left after the last of 20 steps, of a picture that has one value everywhere, with noise of 1.</summary>
    private static double LastStepOf(SchedulerConfig config, string name, double scale)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        using var sampler = Samplers.Of(config, 20, name);
        var latents = ones(1, float64);
        for (var step = 0; step < sampler.Timesteps.Count; step++)
        {
            var alpha = new NoiseSchedule(config).AlphaBars[(int)sampler.Timesteps[step]];
            latents = (Math.Sqrt(alpha) * full([1], scale, float64)) + Math.Sqrt(1 - alpha);
            latents = sampler.Step(ones(1, float64), step, latents, generator);
        }

        return latents.item<double>();
    }
}
