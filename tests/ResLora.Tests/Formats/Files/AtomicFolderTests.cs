using System.Text.Json;
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
        Assert.Equal(["b"], Names(Target));
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

    [Fact]
    public void Write_NewFolder_IsMarkedWithItsFiles()
    {
        AtomicFolder.Write(
            Target,
            folder =>
            {
                File.WriteAllText(Path.Combine(folder, "b"), "1");
                Directory.CreateDirectory(Path.Combine(folder, "sub"));
                File.WriteAllText(Path.Combine(folder, "sub", "a"), "2");
            },
            overwrite: false);

        using var marker = JsonDocument.Parse(File.ReadAllText(Path.Combine(Target, OutputMarker.FileName)));
        Assert.Equal(["b", "sub/a"], marker.RootElement.GetProperty("files").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public void Write_WithinAFolderThatIsBeingWritten_FillsThatFolder()
    {
        AtomicFolder.Write(
            Target,
            folder =>
            {
                AtomicFolder.Write(folder, inner => File.WriteAllText(Path.Combine(inner, "a"), "1"), overwrite: true);
                File.WriteAllText(Path.Combine(folder, "b"), "2");
            },
            overwrite: false);

        Assert.Empty(OutputMarker.Foreign(Target));
        Assert.Equal(["a", "b"], Names(Target));
    }

    [Fact]
    public void Write_OverwriteAFolderOfOthers_IsRefusedAndItStays()
    {
        Directory.CreateDirectory(Target);
        File.WriteAllText(Path.Combine(Target, "thesis.txt"), "years of work");

        var error = Assert.Throws<ConfigException>(() => AtomicFolder.Write(Target, _ => Assert.Fail("too early"), overwrite: true));

        Assert.Contains("because reslora did not write it", error.Message, StringComparison.Ordinal);
        Assert.Equal("years of work", File.ReadAllText(Path.Combine(Target, "thesis.txt")));
        Assert.Equal(["out"], _folder.Names());
    }

    [Fact]
    public void Write_OverwriteOursWithAForeignFile_IsRefusedByItsName()
    {
        WriteOld();
        File.WriteAllText(Path.Combine(Target, "notes.txt"), "mine");

        var error = Assert.Throws<ConfigException>(() => AtomicFolder.Write(Target, _ => { }, overwrite: true));

        Assert.Contains("'notes.txt'", error.Message, StringComparison.Ordinal);
        Assert.Equal(["a", "notes.txt"], Names(Target));
    }

    [Fact]
    public void Write_ForeignFileComesWhileFilling_IsRefusedAndNothingIsLost()
    {
        WriteOld();

        Assert.Throws<ConfigException>(
            () => AtomicFolder.Write(Target, _ => File.WriteAllText(Path.Combine(Target, "notes.txt"), "mine"), overwrite: true));

        Assert.Equal(["a", "notes.txt"], Names(Target));
        Assert.Equal(["out"], _folder.Names());
    }

    [Fact]
    public void Write_ToASymbolicLink_WritesTheFolderThatItLeadsTo()
    {
        WriteOld();
        Directory.CreateSymbolicLink(_folder["link"], Target);

        AtomicFolder.Write(_folder["link"], folder => File.WriteAllText(Path.Combine(folder, "b"), "new"), overwrite: true);

        Assert.Equal(Target, new FileInfo(_folder["link"]).LinkTarget);
        Assert.Equal(["b"], Names(Target));
        Assert.Equal(["link", "out"], _folder.Names());
    }

    [Fact]
    public void Write_ToALinkThatLeadsNowhere_IsRefused()
    {
        Directory.CreateSymbolicLink(_folder["link"], _folder["gone"]);

        var error = Assert.Throws<ConfigException>(() => AtomicFolder.Write(_folder["link"], _ => { }, overwrite: true));

        Assert.Contains("which does not exist", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Write_ToTheCurrentFolder_KeepsTheFolderAndReplacesItsFiles(bool again)
    {
        Directory.CreateDirectory(Target);
        var before = Directory.GetCurrentDirectory();
        try
        {
            Directory.SetCurrentDirectory(Target);
            if (again)
            {
                AtomicFolder.Write(".", folder => File.WriteAllText(Path.Combine(folder, "a"), "old"), overwrite: false);
            }

            AtomicFolder.Write(".", folder => File.WriteAllText(Path.Combine(folder, "b"), "new"), overwrite: again);

            // By the relative name, which a replaced folder would no longer have.
            Assert.Equal("new", File.ReadAllText("b"));
            Assert.Equal(["b"], Names("."));
            Assert.Empty(OutputMarker.Foreign("."));
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    [Fact]
    public void Write_AfterAKillWhileFilesWereMovedIn_GoesOnFirst()
    {
        // As a killed process leaves it: complete, one of two files moved already, the marker still inside.
        var half = Path.Combine(Target, ".reslora-inside.999999999-abcdefghijk.new");
        Directory.CreateDirectory(half);
        File.WriteAllText(Path.Combine(half, "a"), "1");
        File.WriteAllText(Path.Combine(half, "b"), "2");
        OutputMarker.Write(half);
        File.Move(Path.Combine(half, "a"), Path.Combine(Target, "a"));

        var error = Assert.Throws<ConfigException>(() => AtomicFolder.Write(Target, _ => { }, overwrite: false));

        Assert.Contains("is not empty", error.Message, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], Names(Target));
        Assert.Empty(OutputMarker.Foreign(Target));
        Assert.False(Directory.Exists(half));
    }

    [Fact]
    public void Write_AfterAKillOnceAllFilesWereMovedIn_ClearsTheEmptyFolderAway()
    {
        WriteOld();
        Directory.CreateDirectory(Path.Combine(Target, ".reslora-inside.999999999-abcdefghijk.new"));

        AtomicFolder.Write(Target, folder => File.WriteAllText(Path.Combine(folder, "a"), "new"), overwrite: true);

        Assert.Equal(["a"], Names(Target));
    }

    [Fact]
    public void Delete_OfOurs_IsDeleted()
    {
        WriteOld();

        AtomicFolder.Delete(Target);

        Assert.Empty(_folder.Names());
    }

    [Fact]
    public void Delete_WithAForeignFile_Stays()
    {
        WriteOld();
        File.WriteAllText(Path.Combine(Target, "notes.txt"), "mine");

        AtomicFolder.Delete(Target);

        Assert.Equal(["a", "notes.txt"], Names(Target));
    }

    [Fact]
    public void MoveAsideIfForeign_ForeignFile_TakesTheFirstFreeName()
    {
        WriteOld();
        Directory.CreateDirectory(Target + "-1");
        Assert.Null(AtomicFolder.MoveAsideIfForeign(Target));
        File.WriteAllText(Path.Combine(Target, "notes.txt"), "mine");

        var aside = AtomicFolder.MoveAsideIfForeign(Target);

        Assert.Equal(Target + "-2", aside);
        Assert.Equal(["out-1", "out-2"], _folder.Names());
    }

    /// <summary>The files and folders in a folder but for the marker.</summary>
    private static string[] Names(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Where(name => name != OutputMarker.FileName).Order(StringComparer.Ordinal)];

    private void WriteOld() => AtomicFolder.Write(Target, folder => File.WriteAllText(Path.Combine(folder, "a"), "old"), overwrite: false);
}
