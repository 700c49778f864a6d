using ResLora.Formats.Errors;
using ResLora.Tensors.NativeRuntime;
using Xunit;

namespace ResLora.Tests.Tensors.NativeRuntime;

public sealed class CompatibilityCopyTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("reslora-native-").FullName;
    private readonly string _library;
    private readonly string _cache;

    public CompatibilityCopyTests()
    {
        _library = Path.Combine(_root, "original", "libx.so");
        _cache = Path.Combine(_root, "cache", "native");
        Directory.CreateDirectory(Path.GetDirectoryName(_library)!);
        File.WriteAllBytes(_library, SyntheticElf.Build());
    }

    private static byte[] Patched
    {
        get
        {
            var image = SyntheticElf.Build();
            image[SyntheticElf.WantedFlags] = 2;
            return image;
        }
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Ensure_FirstTime_WritesThePatchedCopyAndNothingElse()
    {
        var copy = CompatibilityCopy.Ensure(_library, SyntheticElf.Version, _cache);

        Assert.Equal(Patched, File.ReadAllBytes(copy));
        Assert.Equal("libx.so", Path.GetFileName(copy));
        Assert.Equal(SyntheticElf.Build(), File.ReadAllBytes(_library));
        Assert.Equal([copy, _library], Files());
    }

    [Fact]
    public void Ensure_GoodCopyExists_LeavesItAlone()
    {
        var first = CompatibilityCopy.Ensure(_library, SyntheticElf.Version, _cache);
        var stamp = new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(first, stamp);

        var second = CompatibilityCopy.Ensure(_library, SyntheticElf.Version, _cache);

        Assert.Equal(first, second);
        Assert.Equal(stamp, File.GetLastWriteTimeUtc(second));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(-1)]  // full length, one bit wrong
    public void Ensure_CopyIsDamaged_ReplacesIt(int length)
    {
        var copy = CompatibilityCopy.Ensure(_library, SyntheticElf.Version, _cache);
        var damaged = length < 0 ? Patched : Patched[..length];
        if (length < 0)
        {
            damaged[^1] ^= 1;
        }

        File.WriteAllBytes(copy, damaged);

        CompatibilityCopy.Ensure(_library, SyntheticElf.Version, _cache);

        Assert.Equal(Patched, File.ReadAllBytes(copy));
        Assert.Equal([copy, _library], Files());
    }

    [Fact]
    public void Ensure_AnotherLibrary_GetsAFolderOfItsOwn()
    {
        var first = CompatibilityCopy.Ensure(_library, SyntheticElf.Version, _cache);
        File.WriteAllBytes(_library, SyntheticElf.Build(flags: 1));

        var second = CompatibilityCopy.Ensure(_library, SyntheticElf.Version, _cache);

        Assert.NotEqual(first, second);
        Assert.Equal(Patched, File.ReadAllBytes(first));
    }

    [Fact]
    public async Task Ensure_ManyAtOnce_AllGetTheSameWholeCopyAndNoLeftovers()
    {
        using var start = new Barrier(8);

        var copies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                var copy = CompatibilityCopy.Ensure(_library, SyntheticElf.Version, _cache);
                return (Path: copy, Content: File.ReadAllBytes(copy));
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        Assert.All(copies, copy => Assert.Equal(Patched, copy.Content));
        Assert.Single(copies.Select(copy => copy.Path).Distinct());
        Assert.Equal([copies[0].Path, _library], Files());
    }

    [Fact]
    public void Ensure_CacheCannotBeMade_ThrowsIOException()
    {
        var blocked = Path.Combine(_library, "native");  // a folder below a file

        Assert.ThrowsAny<IOException>(() => CompatibilityCopy.Ensure(_library, SyntheticElf.Version, blocked));
    }

    [Fact]
    public void Ensure_NotALibrary_ThrowsAndWritesNothing()
    {
        File.WriteAllText(_library, "not a library");

        Assert.Throws<FileFormatException>(() => CompatibilityCopy.Ensure(_library, SyntheticElf.Version, _cache));

        Assert.Equal([_library], Files());
    }

    private List<string> Files() =>
        [.. Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
