using ResLora.Tensors.NativeRuntime;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Tensors.NativeRuntime;

public sealed class TorchLibraryLoaderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("reslora-loader-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Load_NotALibrary_TellsWhatTheLoaderSaid()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The loader is for Linux.");
        var file = Path.Combine(_root, "libLibTorchSharp.so");
        File.WriteAllText(file, "not a library, though long enough to have had a header of sixty-four bytes");

        var (handle, status) = TorchLibraryLoader.Load(file, _root);

        Assert.Equal(0, handle);
        Assert.False(status.CompatibilityCopyInUse);
        Assert.Contains("cannot be loaded", status.Problem, StringComparison.Ordinal);
        Assert.Contains("invalid ELF header", status.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', status.Problem!);
    }

    [Fact]
    public void Load_HostNeedsTheCopy_WritesItToTheCacheGiven()
    {
        var library = OriginalOnHostThatNeedsTheCopy();

        var (handle, status) = TorchLibraryLoader.Load(library, _root);

        Assert.NotEqual(0, handle);
        Assert.True(status.CompatibilityCopyInUse);
        Assert.Null(status.Problem);
        Assert.Equal([status.LibraryPath!], Directory.EnumerateFiles(_root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Load_CacheCannotBeWritten_NamesTheFolderAndTheVariable()
    {
        var library = OriginalOnHostThatNeedsTheCopy();
        var file = Path.Combine(_root, "file");
        File.WriteAllText(file, "");
        var blocked = Path.Combine(file, "native");

        var (handle, status) = TorchLibraryLoader.Load(library, blocked);

        Assert.Equal(0, handle);
        Assert.Contains(blocked, status.Problem, StringComparison.Ordinal);
        Assert.Contains("set XDG_CACHE_HOME to a writable folder", status.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoCacheFolder_NamesTheVariable()
    {
        var library = OriginalOnHostThatNeedsTheCopy();

        var (handle, status) = TorchLibraryLoader.Load(library, cacheFolder: null);

        Assert.Equal(0, handle);
        Assert.Contains("set XDG_CACHE_HOME to a writable folder", status.Problem, StringComparison.Ordinal);
    }

    private static string OriginalOnHostThatNeedsTheCopy()
    {
        Assert.SkipUnless(TorchRuntime.Status.CompatibilityCopyInUse, "This host's libstdc++ is new enough for TorchSharp as it is.");
        var folder = Path.GetDirectoryName(typeof(torch).Assembly.Location)!;
        return Directory.EnumerateFiles(folder, "libLibTorchSharp.so", SearchOption.AllDirectories).First();
    }
}
