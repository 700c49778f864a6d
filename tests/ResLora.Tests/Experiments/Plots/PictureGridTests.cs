using ResLora.Experiments.Plots;
using ResLora.Experiments.Workloads.TextToImage;
using ResLora.Images;
using ResLora.Images.Decoding;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Plots;

public sealed class PictureGridTests : IDisposable
{
    private const int Label = 180, Heading = 24, Gap = 6;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Write_PicturesAndAFreePlace_StandInTheirCells()
    {
        var (red, blue) = (Plain(64, 64, 200, 0, 0), Plain(64, 64, 0, 0, 220));

        PictureGrid.Write(_folder["grid.png"], ["step 0", "step 5"], [("a prompt", [red, null]), ("another", [null, blue])]);
        var grid = Read();

        Assert.Equal((Label + (2 * (64 + Gap)), Heading + (2 * (64 + Gap))), (grid.Width, grid.Height));
        Assert.Equal(
            [(200, 0, 0), (255, 255, 255), (255, 255, 255), (0, 0, 220)],
            [Middle(grid, 0, 0, 64), Middle(grid, 0, 1, 64), Middle(grid, 1, 0, 64), Middle(grid, 1, 1, 64)]);
        Assert.Contains(Enumerable.Range(0, Label), x => At(grid, Heading + 32 - 4, x) != (255, 255, 255));   // the prompt is written
    }

    [Theory]
    [InlineData(16, 64)]
    [InlineData(100, 100)]
    [InlineData(1000, 256)]
    public void Write_SmallAndLargePictures_AreOfAReasonableSize(int side, int shown)
    {
        PictureGrid.Write(_folder["grid.png"], ["one"], [("p", [Plain(side, side, 9, 99, 199)])]);
        var grid = Read();

        Assert.Equal((Label + shown + Gap, Heading + shown + Gap), (grid.Width, grid.Height));
        Assert.Equal((9, 99, 199), Middle(grid, 0, 0, shown));
    }

    [Fact]
    public void ToImage_NumbersFrom0To1_AreTheNearestLevels()
    {
        using var scope = NewDisposeScope();
        var pixels = tensor(new[] { 0f, 1, 0.5f, -3, 7, 0.1f }).view(3, 1, 2);   // channel by channel

        var image = PictureTensor.ToImage(pixels);

        Assert.Equal((1, 2), (image.Height, image.Width));
        Assert.Equal([0, 128, 255, 255, 0, 26], image.Bytes);
    }

    public void Dispose() => _folder.Dispose();

    private PixelImage Read() => PictureDecoder.Decode(File.ReadAllBytes(_folder["grid.png"]), "grid.png");

    private static PixelImage Plain(int height, int width, byte red, byte green, byte blue) =>
        new(height, width, [.. Enumerable.Range(0, height * width).SelectMany(_ => new[] { red, green, blue })]);

    private static (int Red, int Green, int Blue) Middle(PixelImage grid, int row, int column, int side) =>
        At(grid, Heading + (row * (side + Gap)) + (side / 2), Label + (column * (side + Gap)) + (side / 2));

    private static (int Red, int Green, int Blue) At(PixelImage grid, int y, int x)
    {
        var place = ((y * grid.Width) + x) * PixelImage.Channels;
        return (grid.Bytes[place], grid.Bytes[place + 1], grid.Bytes[place + 2]);
    }
}
