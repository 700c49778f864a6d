using ResLora.Formats.Files;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Formats.Files;

public sealed class LeftoversTests : IDisposable
{
    // Above the largest process id of any system.
    private const string Killed = "999999999-abcdefghijk";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Sweep_WhatAKilledProcessLeft_IsGone()
    {
        MakeFolder($".best.{Killed}.tmp");
        MakeFolder("best");
        MakeFolder($".best.{Killed}.old");
        _folder.Write($".metrics.jsonl.{Killed}.tmp", "half");

        Leftovers.Sweep(_folder.Path);

        Assert.Equal(["best"], _folder.Names());
    }

    [Fact]
    public void Sweep_MovedAsideAndNothingInItsPlace_ComesBack()
    {
        MakeFolder($".best.{Killed}.old");
        MakeFolder($".best.{Killed}.tmp");

        Leftovers.Sweep(_folder.Path);

        Assert.Equal(["best"], _folder.Names());
        Assert.Equal($".best.{Killed}.old", File.ReadAllText(_folder["best/a"]));
    }

    [Theory]
    [InlineData(".mine.tmp")]
    [InlineData(".best.tmp")]
    [InlineData(".best.12-short.tmp")]
    [InlineData("best.999999999-abcdefghijk.tmp")]
    [InlineData(".best.999999999-abcdefghijk.tmp.txt")]
    [InlineData(".best.999999999-ABCDEFGHIJK.tmp")]
    public void Sweep_NamesThatAreNotOurs_Stay(string name)
    {
        _folder.Write(name, "mine");

        Leftovers.Sweep(_folder.Path);

        Assert.Equal([name], _folder.Names());
    }

    [Fact]
    public void Sweep_WhileTheFolderIsBeingWritten_LeavesItAlone()
    {
        var there = false;

        AtomicFolder.Write(
            _folder["out"],
            folder =>
            {
                Leftovers.Sweep(_folder.Path);
                there = Directory.Exists(folder);
            },
            overwrite: false);

        Assert.True(there);
        Assert.Equal(["out"], _folder.Names());
    }

    [Fact]
    public void Sweep_WhileTheFileIsBeingWritten_LeavesItAlone()
    {
        AtomicFile.Write(_folder["out"], stream =>
        {
            stream.Write("whole"u8);
            Leftovers.Sweep(_folder.Path);
        });

        Assert.Equal("whole", File.ReadAllText(_folder["out"]));
    }

    [Fact]
    public void Write_OfTheSameTarget_ClearsItsOwnLeftoversOnly()
    {
        MakeFolder($".out.{Killed}.tmp");
        MakeFolder($".other.{Killed}.tmp");

        AtomicFolder.Write(_folder["out"], _ => { }, overwrite: false);

        Assert.Equal([$".other.{Killed}.tmp", "out"], _folder.Names());
    }

    private void MakeFolder(string name)
    {
        Directory.CreateDirectory(_folder[name]);
        File.WriteAllText(_folder[name + "/a"], name);
    }
}
