using ResLora.Formats.Errors;
using ResLora.Images.Folders;
using ResLora.Images.Loading;
using ResLora.Tests.Support;
using SkiaSharp;
using Xunit;

namespace ResLora.Tests.Images.Loading;

public sealed class PictureCacheTests : IDisposable
{
    private const int Bytes = 4 * 4 * 3;

    private readonly TemporaryFolder _folder = new();
    private int _made;

    [Fact]
    public void Get_WithRoom_DecodesEachPictureOnce()
    {
        var (cache, sources) = (Cache(10 * Bytes), Sources(3));

        foreach (var source in sources.Concat(sources).Concat(sources))
        {
            Assert.Equal(sources.ToList().IndexOf(source), cache.Get(source).Bytes[0]);
        }

        Assert.Equal((3, 3L * Bytes), (_made, cache.Bytes));
    }

    [Fact]
    public void Get_WithRoomForTwo_KeepsTheFirstTwoAndDecodesTheOthersAgain()
    {
        var (cache, sources) = (Cache((2 * Bytes) + 1), Sources(3));

        foreach (var source in sources.Concat(sources))
        {
            cache.Get(source);
        }

        Assert.Equal((4, 2L * Bytes), (_made, cache.Bytes));
    }

    [Fact]
    public void Expect_MoreThanThereIsRoomFor_DecodesTheOthersWhenTheyAreAskedFor()
    {
        var (cache, sources) = (Cache(2 * Bytes), Sources(5));

        foreach (var source in sources)
        {
            cache.Expect(source);
        }

        // The fifth is looked at last: when it has come, nothing is decoded ahead any more.
        cache.Get(sources[4]);
        Assert.Equal(3, _made);
        Assert.Equal([0, 1, 2, 3], sources.Take(4).Select(source => (int)cache.Get(source).Bytes[0]));
        Assert.Equal(5, _made);
    }

    [Fact]
    public void Expect_AgainAfterPicturesWereFetched_DecodesAhead()
    {
        var (cache, sources) = (Cache(0), Sources(2));
        cache.Expect(sources[0]);
        cache.Get(sources[0]);

        cache.Expect(sources[1]);

        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _made) == 2, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Expect_BeforeAnybodyAsks_DecodesOnceAndInOrder()
    {
        var (cache, sources) = (Cache(5 * Bytes), Sources(5));

        foreach (var source in sources.Concat(sources))
        {
            cache.Expect(source);
        }

        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _made) == 5, TimeSpan.FromSeconds(30)));
        Assert.Equal([0, 1, 2, 3, 4], sources.Select(source => (int)cache.Get(source).Bytes[0]));
        Assert.Equal(5, _made);
    }

    [Fact]
    public void Get_ABrokenPictureThatWasExpected_ThrowsHereAndNamesIt()
    {
        var (cache, sound) = (Cache(0), Sources(1)[0]);
        var broken = PictureSource.OfFile("bad.png", _folder.Write("bad.png", "no picture"));
        cache.Expect(broken);
        cache.Expect(sound);

        var error = Assert.Throws<FileFormatException>(() => cache.Get(broken));

        Assert.Contains("bad.png", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, cache.Get(sound).Bytes[0]);   // the one behind it is not lost
    }

    public void Dispose() => _folder.Dispose();

    private PictureCache Cache(long bytes) => new(
        (picture, _) =>
        {
            Interlocked.Increment(ref _made);
            return picture;
        },
        bytes);

    private PictureSource[] Sources(int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        using var bitmap = new SKBitmap(4, 4);
        bitmap.Erase(new SKColor((byte)i, 10, 20));
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        File.WriteAllBytes(_folder[$"{i}.png"], data.ToArray());
        return PictureSource.OfFile($"{i}.png", _folder[$"{i}.png"]);
    })];
}
