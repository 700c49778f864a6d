using ResLora.Models.Diffusion;
using ResLora.Models.Diffusion.Sampling;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Diffusion.Sampling;

public sealed class DdpmSamplerTests
{
    private const int Draws = 400_000;
    private const double Errors = 5;   // so many standard errors: by chance once in two million seeds

    /// <summary>The distribution of x_s given x_t and x₀, by the product of the two normal ones that it comes of.</summary>
    [Theory]
    [InlineData("leading", 5, 1, 601, 401)]
    [InlineData("leading", 5, 4, 1, -1)]
    [InlineData("leading", 1000, 500, 499, 498)]
    [InlineData("trailing", 3, 0, 999, 666)]     // 1000 / 3 is no whole number: to the next timestep, not 333 less
    [InlineData("linspace", 4, 1, 666, 333)]
    public void Step_ManyDraws_HaveTheMeanAndVarianceOfThePosterior(string spacing, int steps, int step, int timestep, int before)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(11, CPU);
        var config = TestSchedules.Published with { PredictionName = "sample", SpacingName = spacing };
        using var sampler = Samplers.Of(config, steps, "ddpm");
        const double picture = 0.7, latent = -1.3;

        var next = sampler.Step(full([Draws], picture, float64), step, full([Draws], latent, float64), generator);

        var alphas = new NoiseSchedule(config).AlphaBars;
        var (now, then) = (alphas[timestep], before < 0 ? 1 : alphas[before]);
        // x_s has mean √ᾱ_s x₀ and variance 1 − ᾱ_s; x_t of it has mean √k x_s and variance 1 − k, where k = ᾱ_t / ᾱ_s.
        var kept = now / then;
        var precision = (1 / (1 - then)) + (kept / (1 - kept));
        var variance = before < 0 ? 0 : 1 / precision;
        var mean = before < 0 ? picture : ((Math.Sqrt(then) * picture / (1 - then)) + (Math.Sqrt(kept) * latent / (1 - kept))) / precision;
        Assert.Equal(timestep, sampler.Timesteps[step]);
        Assert.Equal(mean, next.mean().item<double>(), (Errors * Math.Sqrt(variance / Draws)) + 1e-9);
        Assert.Equal(variance, next.var().item<double>(), (Errors * variance * Math.Sqrt(2.0 / Draws)) + 1e-9);
    }

    [Fact]
    public void Step_OneSeed_GivesOneResult()
    {
        using var scope = NewDisposeScope();
        Tensor Next(ulong seed)
        {
            using var generator = new Generator(seed, CPU);
            using var sampler = Samplers.Of(TestSchedules.Published, 5, "ddpm");
            return sampler.Step(TestSchedules.Numbers(2), 0, TestSchedules.Numbers(1), generator);
        }

        Assert.Equal(0, TestSchedules.Distance(Next(1), Next(1)));
        Assert.True(TestSchedules.Distance(Next(1), Next(2)) > 0);
    }

    /// <summary>Else noise would come from a state that everybody shares.</summary>
    [Fact]
    public void Step_NoGenerator_IsRefused()
    {
        using var scope = NewDisposeScope();
        using var sampler = Samplers.Of(TestSchedules.Published, 5, "ddpm");
        var latents = TestSchedules.Numbers(1);

        Assert.Throws<ArgumentNullException>("generator", () => sampler.Step(latents, 0, latents));
        Assert.True(sampler.DrawsNoise);
    }
}
