using ResLora.Models.Diffusion;
using ResLora.Models.Diffusion.Sampling;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Diffusion.Sampling;

public sealed class PndmSamplerTests
{
    private const double Tolerance = 1e-11;

    [Theory]
    [InlineData("epsilon")]
    [InlineData("v_prediction")]
    [InlineData("sample")]
    public void Step_AllOfARun_AreThoseOfThePaper(string prediction)
    {
        using var scope = NewDisposeScope();
        var config = TestSchedules.Published with { PredictionName = prediction };
        using var sampler = Samplers.Of(config, 5, "pndm");
        var alphas = new NoiseSchedule(config).AlphaBars;
        var said = Enumerable.Range(2, 6).Select(seed => TestSchedules.Numbers((ulong)seed)).ToArray();
        // DDIM's own step, by the picture in x.
        Tensor Transfer(Tensor x, Tensor output, int from, int to)
        {
            var (now, then) = (alphas[from], to < 0 ? alphas[0] : alphas[to]);
            var picture = TestSchedules.Picture(config.Prediction, x, output, now);
            return (Math.Sqrt(then) * picture) + (Math.Sqrt(1 - then) * (x - (Math.Sqrt(now) * picture)) / Math.Sqrt(1 - now));
        }

        var latents = new List<Tensor> { TestSchedules.Numbers(1) };
        for (var step = 0; step < 6; step++)
        {
            latents.Add(sampler.Step(said[step], step, latents[^1]));
        }

        // The second output is only for the mean: it is not led on by.
        Tensor[] expected =
        [
            Transfer(latents[0], said[0], 801, 601),
            Transfer(latents[0], (said[0] + said[1]) / 2, 801, 601),
            Transfer(latents[2], (1.5 * said[2]) - (0.5 * said[0]), 601, 401),
            Transfer(latents[3], ((23 * said[3]) - (16 * said[2]) + (5 * said[0])) / 12, 401, 201),
            Transfer(latents[4], ((55 * said[4]) - (59 * said[3]) + (37 * said[2]) - (9 * said[0])) / 24, 201, 1),
            Transfer(latents[5], ((55 * said[5]) - (59 * said[4]) + (37 * said[3]) - (9 * said[2])) / 24, 1, -1),
        ];
        Assert.Equal([801, 601, 601, 401, 201, 1], sampler.Timesteps);
        Assert.All(expected.Index(), one => Assert.Equal(0, TestSchedules.Distance(one.Item, latents[one.Index + 1]), Tolerance));
    }

    [Fact]
    public void Step_OnlyOne_IsDdims()
    {
        using var scope = NewDisposeScope();
        using var sampler = Samplers.Of(TestSchedules.Published, 1, "pndm");
        using var other = Samplers.Of(TestSchedules.Published, 1, "ddim");
        var (latents, said) = (TestSchedules.Numbers(1), TestSchedules.Numbers(2));

        Assert.Equal(0, TestSchedules.Distance(other.Step(said, 0, latents), sampler.Step(said, 0, latents)), Tolerance);
    }
}
