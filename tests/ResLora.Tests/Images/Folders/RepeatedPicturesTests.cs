using ResLora.Formats.Errors;
using ResLora.Images.Folders;
using Xunit;

namespace ResLora.Tests.Images.Folders;

public sealed class RepeatedPicturesTests
{
    [Fact]
    public void Warn_OfBytesAndPixelsThatAreTrainedOn_NamesBoth()
    {
        using var tree = new PictureTree("train/cat/1.png", "train/dog/2.png", "test/cat/3.png", "test/dog/broken.png|no picture");
        var twin = TinyPictures.Noise(4, 5, 99);
        tree.Write("train/cat/twin.png", TinyPictures.Png(twin));
        tree.Write("test/cat/copy.png", TinyPictures.Png(twin));
        tree.Write("test/dog/other.bmp", TinyPictures.Bmp(twin));
        var told = new List<string>();

        using (Warnings.Listen(told.Add))
        {
            Assert.Equal(2, RepeatedPictures.Warn(tree.ReadLabels()));
        }

        Assert.Equal(
            [
                "'test/cat/copy.png' has the bytes of 'train/cat/twin.png', which is trained on; results on it are too good.",
                "'test/dog/other.bmp' has the pixels of 'train/cat/twin.png', which is trained on, under another label; results on it are too good.",
            ],
            told);
    }

    [Fact]
    public void Warn_WithoutSplits_ReadsNothing()
    {
        using var tree = new PictureTree("cat/1.png", "dog/2.png");
        var data = tree.ReadLabels();
        File.Delete(tree["cat/1.png"]);

        Assert.Equal(0, RepeatedPictures.Warn(data));
    }
}
