using ResLora.Formats;
using ResLora.Images;
using ResLora.Images.Augmentation;
using ResLora.Images.Preprocessing;
using Xunit;

namespace ResLora.Tests.Images.Augmentation;

public sealed class AugmenterTests
{
    private const int Side = 8;

    private static readonly Preprocessor _preprocessor = Preprocessor.New(Side, Side);
    private static readonly PixelImage _picture = new(12, 20, [.. Enumerable.Range(0, 12 * 20 * 3).Select(i => (byte)(i * 7))]);

    private static readonly AugmentConfig _all = new()
    {
        RandomResizedCrop = new RandomResizedCropConfig { MinScale = 0.3 },
        HorizontalFlip = 0.5,
        VerticalFlip = 0.5,
        ColorJitter = new ColorJitterConfig { Brightness = 0.4, Contrast = 0.4, Saturation = 0.4, Hue = 0.2 },
        RandAugment = new RandAugmentConfig(),
        Grayscale = 0.2,
        RandomErasing = new RandomErasingConfig(),
    };

    [Fact]
    public void Values_WithoutASeed_AreThePreprocessorsAlone()
    {
        var expected = _preprocessor.Values(_preprocessor.Fit(_picture, "p"));

        Assert.Equal(expected, Values(_all, null));
        Assert.Equal(expected, Values(null, 3));
        Assert.Equal(expected, Values(new AugmentConfig { HorizontalFlip = 1 }, null));
    }

    [Fact]
    public void Values_OfASeed_AreTheSameEveryTimeAndOthersOfAnother()
    {
        Assert.Equal(Values(_all, 5), Values(_all, 5));
        Assert.Equal(20, Enumerable.Range(0, 20).Select(seed => string.Join(' ', Values(_all, (ulong)seed))).Distinct().Count());
        Assert.All(Enumerable.Range(0, 50), seed => Assert.Equal(3 * Side * Side, Values(_all, (ulong)seed).Length));
    }

    [Fact]
    public void Values_FlippedAlways_AreMirrored()
    {
        var plain = Values(null, 1);

        var flipped = Values(new AugmentConfig { HorizontalFlip = 1 }, 1);

        Assert.Equal(plain.Chunk(Side).SelectMany(row => row.Reverse()), flipped);
    }

    [Fact]
    public void RandomCrop_ManySeeds_MovesThePictureByEveryStepOfTheBorderAndLeavesBlack()
    {
        var bytes = Enumerable.Range(1, 4 * 4 * 3).Select(value => (byte)value).ToArray();
        var picture = new PixelImage(4, 4, bytes);
        var expected = new HashSet<string>();
        for (var top = -1; top <= 1; top++)
        {
            for (var left = -1; left <= 1; left++)
            {
                expected.Add(Convert.ToHexString(Moved(bytes, top, left)));
            }
        }

        var seen = Enumerable.Range(0, 200)
            .Select(seed => RandomCrop.Apply(picture, new RandomCropConfig { Padding = 1 }, new StableRandom((ulong)seed)))
            .Select(moved => Convert.ToHexString(moved.Bytes))
            .ToHashSet();

        Assert.Equal(expected.Order(), seen.Order());
    }

    private static byte[] Moved(byte[] picture, int top, int left)
    {
        var moved = new byte[picture.Length];
        for (var i = 0; i < picture.Length; i++)
        {
            var (y, x) = ((i / 12) + top, (i / 3 % 4) + left);
            moved[i] = y is >= 0 and < 4 && x is >= 0 and < 4 ? picture[(((y * 4) + x) * 3) + (i % 3)] : (byte)0;
        }

        return moved;
    }

    [Fact]
    public void Values_ErasedAlways_HaveARectangleOfTheMeanColourOfTheWantedShare()
    {
        var config = new AugmentConfig { RandomErasing = new RandomErasingConfig { Probability = 1, MinScale = 0.25, MaxScale = 0.25, MinRatio = 1, MaxRatio = 1 } };

        foreach (var seed in Enumerable.Range(0, 20))
        {
            var (plain, erased) = (Values(null, 1), Values(config, (ulong)seed));
            var places = Enumerable.Range(0, Side * Side).Where(i => erased[i] != plain[i]).ToArray();

            // A quarter of 8 x 8 is a square of 4, in all three colours.
            Assert.Equal(16, places.Length);
            Assert.All(places, i => Assert.Equal((0, 0, 0), (erased[i], erased[i + (Side * Side)], erased[i + (2 * Side * Side)])));
            Assert.Equal(
                (3, 3), (places.Max(i => i % Side) - places.Min(i => i % Side), places.Max(i => i / Side) - places.Min(i => i / Side)));
        }
    }

    [Theory]
    [InlineData(10, 400)]
    [InlineData(400, 10)]
    public void RandomResizedCrop_NothingFits_TakesTheMiddleWithinTheProportions(int height, int width)
    {
        var bytes = new byte[height * width * 3];
        bytes.AsSpan(((height / 2 * width) + (width / 2)) * 3, 3).Fill(255);
        var config = new AugmentConfig { RandomResizedCrop = new RandomResizedCropConfig { MinScale = 0.99 } };
        var augmenter = new Augmenter(_preprocessor, config);

        var values = augmenter.Values(new PixelImage(height, width, bytes), "p", 1);

        Assert.Contains(values, value => value > -0.99);   // the bright pixel of the middle is in it
    }

    [Fact]
    public void Problems_OfEverySetting_AreNamed()
    {
        var config = new AugmentConfig
        {
            HorizontalFlip = 2,
            RandomResizedCrop = new RandomResizedCropConfig { MinScale = 0.5, MaxScale = 0.2 },
            ColorJitter = new ColorJitterConfig { Hue = 0.7, Contrast = -1 },
            RandAugment = new RandAugmentConfig { Steps = 0, Magnitude = 31 },
            RandomErasing = new RandomErasingConfig { Probability = -1, MinRatio = double.NaN },
        };

        Assert.Equal(
            [
                "horizontalFlip is 2; it must be from 0 to 1",
                "randomResizedCrop.minScale is 0.5 and maxScale 0.2; they must be above 0, in this order, and at most 1",
                "colorJitter.contrast is -1; it must be from 0 to 10",
                "colorJitter.hue is 0.7; it must be from 0 to 0.5",
                "randAugment.steps is 0; it must be from 1 to 16",
                "randAugment.magnitude is 31; it must be from 0 to 30",
                "randomErasing.probability is -1; it must be from 0 to 1",
                "randomErasing.minRatio is NaN and maxRatio 3.3; they must be above 0 and in this order",
            ],
            config.Problems());
    }

    private static float[] Values(AugmentConfig? config, ulong? seed)
    {
        var augmenter = new Augmenter(_preprocessor, config);
        return augmenter.Values(augmenter.Prepare(_picture, "p"), "p", seed);
    }
}
