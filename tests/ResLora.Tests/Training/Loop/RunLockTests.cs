using System.Globalization;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Training.Loop;

public sealed class RunLockTests
{
    [Fact]
    public void Take_FolderThatIsHeld_IsRefusedWithTheProcessThatHoldsIt()
    {
        using var folder = new TemporaryFolder();
        using var first = RunLock.Take(folder["run"]);

        var error = Assert.Throws<ConfigException>(() => RunLock.Take(folder["run"]));

        Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} "), error.Message, StringComparison.Ordinal);
        Assert.Contains(folder["run"], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Take_AfterTheHolderIsGone_IsGrantedAndNamesNobody()
    {
        using var folder = new TemporaryFolder();
        RunLock.Take(folder["run"]).Dispose();

        Assert.False(File.Exists(Path.Combine(folder["run"], "run.pid")));
        using var second = RunLock.Take(folder["run"]);
        Assert.StartsWith(
            Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
            File.ReadAllText(Path.Combine(folder["run"], "run.pid")),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2147483647")]   // no process has this id
    [InlineData("1")]            // one has, but the system's lock is free: the id was used again
    public void Take_NoteOfAProcessThatHoldsNothing_IsTakenOver(string process)
    {
        using var folder = new TemporaryFolder();
        folder.Write("run.lock", "");
        folder.Write("run.pid", $"{process} {Environment.MachineName}\n");

        using var taken = RunLock.Take(folder.Path);

        Assert.StartsWith(
            Environment.ProcessId.ToString(CultureInfo.InvariantCulture), File.ReadAllText(folder["run.pid"]), StringComparison.Ordinal);
    }

    [Fact]
    public void RequireFree_FolderInsideOneThatIsHeld_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var held = RunLock.Take(folder["run"]);

        Assert.Throws<ConfigException>(() => RunLock.RequireFree(Path.Combine(folder["run"], "best", "deeper")));
        RunLock.RequireFree(folder["other"]);
    }

    [Fact]
    public void RequireFree_FreeFolder_ChangesNothing()
    {
        using var folder = new TemporaryFolder();
        RunLock.Take(folder["run"]).Dispose();

        RunLock.RequireFree(folder["run"]);
        RunLock.RequireFree(folder["none"]);

        Assert.Equal(["run"], folder.Names());
        Assert.Equal(["run.lock"], Directory.GetFiles(folder["run"]).Select(Path.GetFileName));
    }
}
