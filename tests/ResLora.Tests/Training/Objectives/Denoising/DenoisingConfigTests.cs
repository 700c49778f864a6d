using ResLora.Training.Objectives.Denoising;
using Xunit;

namespace ResLora.Tests.Training.Objectives.Denoising;

public class DenoisingConfigTests
{
    [Fact]
    public void Problems_WhatCanBeCarriedOut_AreNone()
    {
        var config = new DenoisingConfig { SnrGamma = 5, NoiseOffset = 1, CaptionDropout = 1, HorizontalFlip = 0.5, Resolution = 512, TextEncoderRate = 0.1 };

        Assert.Empty(config.Problems());
        Assert.Empty(new DenoisingConfig().Problems());
    }

    [Fact]
    public void Problems_EverySettingWrong_AreAllNamed()
    {
        var config = new DenoisingConfig { SnrGamma = 0, NoiseOffset = -0.1, CaptionDropout = 1.1, HorizontalFlip = -1, Resolution = 7, TextEncoderRate = 0 };

        var problems = config.Problems();

        Assert.Equal(
            ["snrGamma", "noiseOffset", "captionDropout", "horizontalFlip", "resolution", "textEncoderRate"],
            problems.Select(problem => problem[..problem.IndexOf(' ', StringComparison.Ordinal)]));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1)]
    public void Problems_OfNumbersThatAreNone_AreNamed(double value)
    {
        var config = new DenoisingConfig { SnrGamma = value, NoiseOffset = value, CaptionDropout = value, HorizontalFlip = value, TextEncoderRate = value };

        Assert.Equal(5, config.Problems().Count());
    }
}
