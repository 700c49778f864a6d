using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Formats.Files;

public sealed class AtomicFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Target => _folder["out"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("out")]
    [InlineData("out/")]
    [InlineData("new/deep/out")]
    public void Write_NewFolder_AppearsFilled(string name)
    {
        AtomicFolder.Write(_folder[name], folder => File.WriteAllText(Path.Combine(folder, "a"), "1"), overwrite: false);

        Assert.Equal("1", File.ReadAllText(Path.Combine(_folder[name], "a")));
        Assert.Single(_folder.Names());
    }

    [Fact]
    public void Write_EmptyFolderThere_IsFilled()
    {
        Directory.CreateDirectory(Target);

        AtomicFolder.Write(Target, folder => File.WriteAllText(Path.Combine(folder, "a"), "1"), overwrite: false);

        Assert.Equal(["out"], _folder.Names());
        Assert.True(File.Exists(Path.Combine(Target, "a")));
    }

    [Fact]
    public void Write_FullFolderWithoutOverwrite_IsRefusedBeforeAnyWork()
    {
        WriteOld();
        var called = false;

        var error = Assert.Throws<ConfigException>(() => AtomicFolder.Write(Target, _ => called = true, overwrite: false));

        Assert.Contains($"Folder '{Target}' exists and is not empty", error.Message, StringComparison.Ordinal);
        Assert.False(called);
        Assert.Equal(["out"], _folder.Names());
    }

    [Fact]
    public void Write_FilledByAnotherMeanwhile_IsRefusedAndTheOtherStays()
    {
        Assert.Throws<ConfigException>(() => AtomicFolder.Write(Target, _ => WriteOld(), overwrite: false));

        Assert.Equal("old", File.ReadAllText(Path.Combine(Target, "a")));
        Assert.Equal(["out"], _folder.Names());
    }

    [Fact]
    public void Write_Overwrite_ReplacesTheWholeFolder()
    {
        WriteOld();
        var seen = "";

        AtomicFolder.Write(Target, folder =>
        {
            File.WriteAllText(Path.Combine(folder, "b"), "new");
            seen = File.ReadAllText(Path.Combine(Target, "a"));
        }, overwrite: true);

        Assert.Equal("old", seen);
        Assert.Equal([Path.Combine(Target, "b")], Directory.GetFileSystemEntries(Target));
        Assert.Equal(["out"], _folder.Names());
    }

    [Fact]
    public void Write_FillThrows_OldFolderStaysAndNoStrayIsLeft()
    {
        WriteOld();

        Assert.Throws<InvalidOperationException>(() => AtomicFolder.Write(Target, folder =>
        {
            File.WriteAllText(Path.Combine(folder, "b"), "new");
            throw new InvalidOperationException("stop");
        }, overwrite: true));

        Assert.Equal("old", File.ReadAllText(Path.Combine(Target, "a")));
        Assert.Equal(["out"], _folder.Names());
    }

    [Fact]
    public void Write_RenameIntoPlaceFails_OldFolderComesBack()
    {
        WriteOld();

        // The hidden folder vanishes before it can be moved into place.
        Assert.Throws<ConfigException>(() => AtomicFolder.Write(Target, Directory.Delete, overwrite: true));

        Assert.Equal("old", File.ReadAllText(Path.Combine(Target, "a")));
        Assert.Equal(["out"], _folder.Names());
    }

    [Fact]
    public void Write_TargetIsAFile_IsRefused()
    {
        _folder.Write("out", "x");

        var error = Assert.Throws<ConfigException>(() => AtomicFolder.Write(Target, _ => { }, overwrite: true));

        Assert.Contains("is a file", error.Message, StringComparison.Ordinal);
        Assert.Equal("x", File.ReadAllText(Target));
    }

    [Fact]
    public void Write_RootOfADisk_IsRefused()
    {
        var error = Assert.Throws<ConfigException>(() => AtomicFolder.Write(Path.GetPathRoot(Target)!, _ => { }, overwrite: true));

        Assert.Contains("root of a disk", error.Message, StringComparison.Ordinal);
    }

    private void WriteOld()
    {
        Directory.CreateDirectory(Target);
        File.WriteAllText(Path.Combine(Target, "a"), "old");
    }
}
