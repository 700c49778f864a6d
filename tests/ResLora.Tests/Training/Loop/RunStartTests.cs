using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Training.Loop;

public sealed class RunStartTests
{
    [Fact]
    public void Require_ResumeOfAMistypedFolder_NamesTheRunsBesideItAndMakesNothing()
    {
        using var folder = new TemporaryFolder();
        RunLock.Take(folder["rank16"]).Dispose();
        Directory.CreateDirectory(folder["data"]);

        var error = Assert.Throws<ConfigException>(() => RunStart.Require(folder["rank61"], resume: true));

        Assert.Contains("does not exist", error.Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'rank16'?", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("data", error.Message[folder.Path.Length..], StringComparison.Ordinal);
        Assert.Equal(["data", "rank16"], folder.Names());
    }

    [Fact]
    public void Require_ResumeOfAFolderThatHoldsNoRun_NamesWhatIsThere()
    {
        using var folder = new TemporaryFolder();
        folder.Write("adapter.safetensors", "");
        folder.Write("config.yaml", "");   // somebody's own

        var error = Assert.Throws<ConfigException>(() => RunStart.Require(folder.Path, resume: true));

        Assert.Contains("it holds adapter.safetensors, config.yaml", error.Message, StringComparison.Ordinal);
        Assert.Equal(["adapter.safetensors", "config.yaml"], folder.Names());
    }

    [Theory]
    [InlineData("metrics.jsonl")]
    [InlineData("config.yaml")]
    [InlineData("best")]
    [InlineData("last")]
    [InlineData("checkpoints")]
    [InlineData("tensorboard")]
    public void Require_NewRunWhereItsNamesAreTaken_IsRefusedByName(string name)
    {
        using var folder = new TemporaryFolder();
        if (name.Contains('.', StringComparison.Ordinal))
        {
            folder.Write(name, "");
        }
        else
        {
            Directory.CreateDirectory(folder[name]);
        }

        var error = Assert.Throws<ConfigException>(() => RunStart.Require(folder.Path, resume: false));

        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_NewRunBesideOtherFiles_IsAllowed()
    {
        using var folder = new TemporaryFolder();
        folder.Write("notes.txt", "");

        RunStart.Require(folder.Path, resume: false);

        Assert.Throws<ConfigException>(() => RunStart.Require(folder.Path, resume: true));
    }

    [Fact]
    public void Require_FolderOfARunThatGoesOn_IsRefusedEitherWay()
    {
        using var folder = new TemporaryFolder();
        using var held = RunLock.Take(folder.Path);

        Assert.All([true, false], resume =>
            Assert.Contains(
                "is in use",
                Assert.Throws<ConfigException>(() => RunStart.Require(folder.Path, resume)).Message,
                StringComparison.Ordinal));
    }
}
