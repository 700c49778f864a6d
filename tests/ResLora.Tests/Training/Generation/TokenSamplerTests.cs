using ResLora.Training.Generation;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Generation;

public class TokenSamplerTests
{
    private static readonly float[] _probabilities = [0.1f, 0.5f, 0.15f, 0.25f];

    [Fact]
    public void Choose_TemperatureZero_TakesTheLikeliest()
    {
        using var logits = Logits(3);

        Assert.Equal([1, 1, 1], new TokenSampler(new GenerationConfig(), 3).Choose(logits));
    }

    [Theory]
    [InlineData(0.2, new[] { 0, 1.0, 0, 0 })]
    [InlineData(0.5, new[] { 0, 1.0, 0, 0 })]
    [InlineData(0.6, new[] { 0, 2.0 / 3, 0, 1.0 / 3 })]
    [InlineData(1, new[] { 0.1, 0.5, 0.15, 0.25 })]
    public void Choose_Nucleus_DrawsByTheRemainingProbabilities(double topP, double[] expected)
    {
        const int draws = 20_000;
        using var logits = Logits(draws);

        var chosen = new TokenSampler(new GenerationConfig { Temperature = 1, TopP = topP, Seed = 1 }, draws).Choose(logits);

        // Four standard deviations of a share of 20,000 draws are at most 0.014.
        Assert.All(expected.Index(), share => Assert.Equal(share.Item, chosen.Count(id => id == share.Index) / (double)draws, 0.014));
    }

    private static Tensor Logits(int rows) => tensor(_probabilities).log().unsqueeze(0).repeat(rows, 1);
}
