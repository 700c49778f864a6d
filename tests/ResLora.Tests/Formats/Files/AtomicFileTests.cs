using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Formats.Files;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WriteText_NewFileInNewFolder_HasNoMarkAndUnixLineEnds()
    {
        AtomicFile.WriteText(_folder["sub/deep/a.txt"], "ä\r\nb\n");

        Assert.Equal("ä\nb\n"u8.ToArray(), File.ReadAllBytes(_folder["sub/deep/a.txt"]));
        Assert.Single(Directory.GetFileSystemEntries(_folder["sub/deep"]));
    }

    [Fact]
    public void Write_OverAnOldFile_ReplacesIt()
    {
        var path = _folder.Write("a", "a long old content");

        AtomicFile.WriteText(path, "new");

        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal(["a"], _folder.Names());
    }

    [Fact]
    public void Write_WhileWriting_TheOldFileIsStillThere()
    {
        var path = _folder.Write("a", "old");
        var seen = "";

        AtomicFile.Write(path, stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            seen = File.ReadAllText(path);
        });

        Assert.Equal("old", seen);
    }

    [Fact]
    public void Write_ActionThrows_OldFileStaysAndNoStrayIsLeft()
    {
        var path = _folder.Write("a", "old");

        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("half"u8);
            throw new InvalidOperationException("stop");
        }));

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal(["a"], _folder.Names());
    }

    [Fact]
    public void Write_DiskFaultInTheAction_IsAnErrorThatNamesTheFile()
    {
        var error = Assert.Throws<ConfigException>(
            () => AtomicFile.Write(_folder["a"], _ => throw new IOException("No space left on device")));

        Assert.Contains($"'{_folder["a"]}' cannot be written: No space left on device", error.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Names());
    }

    [Theory]
    [InlineData(".out.12-abcdefghijk.tmp", "out/a")]
    [InlineData(".reslora-inside.12-abcdefghijk.tmp", "a")]
    public void Write_FaultWithinAHiddenFolder_NamesThePlaceThatTheUserKnows(string hidden, string shown)
    {
        var error = Assert.Throws<ConfigException>(
            () => AtomicFile.Write(_folder[Path.Combine(hidden, "a")], _ => throw new IOException("Input/output error")));

        Assert.StartsWith($"'{_folder[shown]}' cannot be written", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_TargetIsAFolder_IsRefusedAndStays()
    {
        Directory.CreateDirectory(_folder["a"]);

        Assert.Throws<ConfigException>(() => AtomicFile.WriteText(_folder["a"], "x"));

        Assert.Equal(["a"], _folder.Names());
        Assert.True(Directory.Exists(_folder["a"]));
    }

    [Fact]
    public void Write_ParentIsAFile_IsRefused()
    {
        _folder.Write("a", "x");

        Assert.Throws<ConfigException>(() => AtomicFile.WriteText(_folder["a/b"], "x"));
    }
}
