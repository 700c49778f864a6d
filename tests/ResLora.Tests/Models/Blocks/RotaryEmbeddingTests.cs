using System.Globalization;
using ResLora.Models.Blocks;
using ResLora.Models.Llama;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Blocks;

public sealed class RotaryEmbeddingTests
{
    private static readonly LlamaConfig _config = TinyLlama.Config with { ConfiguredHeadSize = 32, ConfiguredRopeTheta = 500000 };

    [Fact]
    public void Frequencies_Plain_AreAGeometricSeries()
    {
        var frequencies = _config.RotaryFrequencies();

        Assert.Equal(16, frequencies.Length);
        Assert.Equal(1, frequencies[0]);
        // Each is the one before times θ^(−1/16).
        Assert.All(frequencies.Zip(frequencies.Skip(1)), pair => Assert.Equal(Math.Pow(500000, -1 / 16.0), pair.Second / pair.First, 1e-5));
    }

    [Fact]
    public void Frequencies_Linear_AreDividedByTheFactor()
    {
        var scaled = (_config with { ConfiguredRopeScaling = new RopeScaling { Kind = "linear", Factor = 4 } }).RotaryFrequencies();

        Assert.All(_config.RotaryFrequencies().Zip(scaled), pair => Assert.Equal(pair.First / 4, pair.Second, 1e-7));
    }

    [Fact]
    public void Frequencies_Llama3_KeepShortWavesStretchLongOnesAndBlendBetween()
    {
        const double factor = 8, low = 1, high = 4, original = 64;
        var scaling = new RopeScaling { Kind = "llama3", Factor = factor, LowFrequencyFactor = low, HighFrequencyFactor = high, OriginalLength = original };

        var scaled = (_config with { ConfiguredRopeScaling = scaling }).RotaryFrequencies();

        var kinds = new HashSet<string>();
        for (var i = 0; i < scaled.Length; i++)
        {
            // Told by turns within the original length: more than `high` are kept, fewer than `low` are stretched, and
            // between the two the share that is kept grows evenly with the turns.
            var plain = Math.Exp(-Math.Log(500000) * i / 16);
            var turns = original * plain / (2 * Math.PI);
            var share = Math.Clamp((turns - low) / (high - low), 0, 1);
            kinds.Add(share is 0 ? "stretched" : share is 1 ? "kept" : "blended");
            Assert.Equal(plain * share + plain / factor * (1 - share), scaled[i], 1e-6);
        }

        Assert.Equal(3, kinds.Count);
    }

    private const string YarnsFrequencies = "1 0.3162724 0.08891397 0.01874735 0.007905695 0.003333804 0.001405853 0.0005928435";

    /// <summary>
    /// Frequencies and factors of transformers 5.12.1's ROPE_INIT_FUNCTIONS["yarn"], with θ = 1000, heads of 16 and an original length of
    /// 64.
    /// </summary>
    public static TheoryData<RopeScaling, string, double> Yarns => new()
    {
        { new() { Factor = 4 }, YarnsFrequencies, 1.138629436111989 },
        { new() { Factor = 4, Truncate = false }, "1 0.3040357 0.0785936 0.01874735 0.007905695 0.003333804 0.001405853 0.0005928435", 1.138629436111989 },
        { new() { Factor = 4, BetaFast = 8, BetaSlow = 2 }, "1 0.2635603 0.04445698 0.01874735 0.007905695 0.003333804 0.001405853 0.0005928435", 1.138629436111989 },
        { new() { Factor = 4, BetaFast = 0, BetaSlow = 0 }, YarnsFrequencies, 1.138629436111989 },
        { new() { Factor = 4, AttentionFactor = 1.7 }, YarnsFrequencies, 1.7 },
        { new() { Factor = 4, Mscale = 1.2, MscaleAllDimensions = 0.5 }, YarnsFrequencies, 1.0907502755174 },
        { new() { Factor = 4, Mscale = 2 }, YarnsFrequencies, 1.138629436111989 },
        { new() { Factor = 1 }, "1 0.4216965 0.1778279 0.07498942 0.03162278 0.01333521 0.005623413 0.002371374", 1 },
    };

    [Theory]
    [MemberData(nameof(Yarns))]
    public void Frequencies_Yarn_AreThoseOfTransformers(RopeScaling scaling, string expected, double scale)
    {
        const double float32Rounding = 1e-6;   // relative; the expected numbers are printed with seven digits
        scaling = scaling with { Kind = "yarn", OriginalLength = 64 };

        var found = scaling.Frequencies(1000, 16);

        Assert.All(
            expected.Split(' ').Zip(found),
            pair => Assert.Equal(1, pair.Second / double.Parse(pair.First, CultureInfo.InvariantCulture), float32Rounding));
        Assert.Equal(8, found.Length);
        Assert.Equal(scale, scaling.AttentionScale, 1e-12);
    }

    [Fact]
    public void Frequencies_Dynamic_AreThePlainOnesWithinTheModelsPositions() =>
        Assert.Equal(
            _config.RotaryFrequencies(),
            (_config with { ConfiguredRopeScaling = new RopeScaling { Kind = "dynamic", Factor = 4 } }).RotaryFrequencies());

    [Fact]
    public void Angles_Scaled_AreLongerByThatMuch()
    {
        using var scope = NewDisposeScope();
        var frequencies = tensor(_config.RotaryFrequencies());

        var scaled = RotaryEmbedding.Angles(frequencies, arange(9, dtype: float32), 1.25);

        Assert.True((scaled.Cos.square() + scaled.Sin.square()).allclose(tensor(1.25f * 1.25f), 1e-5));
    }

    [Fact]
    public void Angles_FromAPosition_AreThatPartOfTheWhole()
    {
        using var scope = NewDisposeScope();
        var frequencies = tensor(_config.RotaryFrequencies());

        var whole = RotaryEmbedding.Angles(frequencies, arange(9, dtype: float32));
        var part = RotaryEmbedding.Angles(frequencies, arange(5, 8, dtype: float32));

        Assert.Equal([3, 32], part.Cos.shape);
        Assert.True(part.Cos.equal(whole.Cos.narrow(0, 5, 3)).all().item<bool>());
        Assert.True(part.Sin.equal(whole.Sin.narrow(0, 5, 3)).all().item<bool>());
    }

    [Fact]
    public void Rotate_Pairs_TurnAsComplexNumbers()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        var frequencies = _config.RotaryFrequencies();
        var x = randn(1, 2, 4, 32);

        var turned = RotaryEmbedding.Rotate(x, RotaryEmbedding.Angles(tensor(frequencies), arange(3, 7, dtype: float32)));

        for (var t = 0; t < 4; t++)
        {
            for (var i = 0; i < 16; i++)
            {
                var number = new System.Numerics.Complex(x[0, 1, t, i].item<float>(), x[0, 1, t, i + 16].item<float>());
                var expected = number * System.Numerics.Complex.FromPolarCoordinates(1, (3 + t) * (double)frequencies[i]);
                Assert.Equal(expected.Real, turned[0, 1, t, i].item<float>(), 1e-5);
                Assert.Equal(expected.Imaginary, turned[0, 1, t, i + 16].item<float>(), 1e-5);
            }
        }
    }
}
