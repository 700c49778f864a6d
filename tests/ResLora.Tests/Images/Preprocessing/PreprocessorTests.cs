using ResLora.Formats.Errors;
using ResLora.Images;
using ResLora.Images.Preprocessing;
using Xunit;

namespace ResLora.Tests.Images.Preprocessing;

public sealed class PreprocessorTests
{
    [Fact]
    public void Values_AreRescaledThenNormalisedAndByColour()
    {
        var preprocessor = new Preprocessor { RescaleFactor = 1 / 255.0, Mean = [0.5, 0.25, 0], Deviation = [0.5, 0.25, 2] };
        var picture = new PixelImage(1, 2, [255, 0, 51, 0, 255, 102]);

        var values = preprocessor.Values(picture);

        Assert.Equal([1, -1, -1, 3, 0.1f, 0.2f], values);
    }

    [Fact]
    public void Values_WithoutSteps_AreTheBytes() =>
        Assert.Equal([1, 4, 2, 5, 3, 6], new Preprocessor().Values(new PixelImage(1, 2, [1, 2, 3, 4, 5, 6])));

    // transformers 5.12, image_transforms.center_crop: top = (h - H) // 2, and the larger half of an odd border at the top and left.
    [Theory]
    [InlineData(5, 5, 2, 3, "1,1 1,2 1,3 / 2,1 2,2 2,3")]
    [InlineData(2, 4, 3, 2, "- - / 0,1 0,2 / 1,1 1,2")]
    [InlineData(1, 1, 2, 4, "- - - - / - - 0,0 -")]
    public void Fit_Crop_CutsTheMiddleOrPadsWithBlack(int height, int width, int cropHeight, int cropWidth, string expected)
    {
        // Blue marks what is of the picture; red and green count rows and columns.
        var bytes = Enumerable.Range(0, height * width).SelectMany(i => new byte[] { (byte)(i / width), (byte)(i % width), 255 }).ToArray();

        var got = new Preprocessor { Crop = (cropHeight, cropWidth) }.Fit(new PixelImage(height, width, bytes), "picture");

        var rows = got.Bytes.Chunk(3 * cropWidth).Select(
            row => string.Join(' ', row.Chunk(3).Select(pixel => pixel[2] == 0 ? "-" : $"{pixel[0]},{pixel[1]}")));
        Assert.Equal(expected, string.Join(" / ", rows));
    }

    [Theory]
    [InlineData(90, 38, 66, 28)]
    [InlineData(19, 21, 28, 30)]
    [InlineData(28, 28, 28, 28)]
    public void Fit_ShortestEdge_KeepsTheShapeAndCutsTheLongSideDown(int height, int width, int newHeight, int newWidth)
    {
        var got = new Preprocessor { Resize = new ResizeRule.ShortestEdge(28) }.Fit(TinyPictures.Noise(height, width), "picture");

        Assert.Equal((newHeight, newWidth), (got.Height, got.Width));
    }

    [Fact]
    public void Fit_PictureThatWouldBecomeTooLarge_IsRefusedByName()
    {
        var preprocessor = new Preprocessor { Resize = new ResizeRule.ShortestEdge(1024) };

        var error = Assert.Throws<FileFormatException>(() => preprocessor.Fit(TinyPictures.Noise(1, 1000), "'long.png'"));

        Assert.Contains(
            "'long.png' has 1000 x 1 pixels, which the model's preprocessing makes 1024000 x 1024",
            error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void OutputSize_IsTheCropsThenTheResizes()
    {
        Assert.Equal((2, 3), new Preprocessor { Resize = new ResizeRule.Exact(4, 5), Crop = (2, 3) }.OutputSize);
        Assert.Equal((4, 5), Preprocessor.New(4, 5).OutputSize);
        Assert.Null(new Preprocessor { Resize = new ResizeRule.ShortestEdge(4) }.OutputSize);
    }
}
