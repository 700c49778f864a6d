using ResLora.Cli;
using ResLora.EndToEnd.Tests.Support;
using ResLora.Experiments;
using ResLora.Formats.Errors;
using ResLora.Training.Evaluation;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.EndToEnd.Tests;

public sealed class FailureTests
{
    public static TheoryData<Exception, int> Failures => new()
    {
        { new ConfigException("bad key"), 2 },
        { new FileFormatException("bad file"), 2 },
        { new DiskFullException("no room"), 74 },
        { new RunFailedException("it failed"), 1 },
        { new TrainingFailedException(3, "loss"), 1 },
        { new NotFiniteException("weight"), 1 },
        { new OperationCanceledException(), 130 },
        { new InvalidOperationException("oops"), 70 },
    };

    [Theory]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public void Of_EachKindOfFailure_HasItsExitCode(Exception failure, int exitCode)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var streams = new CommandStreams(output, CommandStreams.Over(output, true), CommandStreams.Over(error, true), false);

        var actual = new FailureReport(streams, isJson: false, "reslora").Of(failure);

        Assert.Equal(exitCode, actual);
        Assert.Empty(output.ToString());
        Assert.Equal(exitCode == ExitCode.Bug, error.ToString().Contains("Please report it", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    [InlineData("doctor", "--json")]
    [InlineData("inspect", "/does/not/exist", "--json")]
    public void Run_OutputOnAFullDisk_EndsWithASentence(params string[] arguments)
    {
        using var full = new FullDisk();
        using var output = new OutputWriter(full);
        using var error = new StringWriter();

        var exitCode = CommandLine.Run(
            arguments, new CommandStreams(output, CommandStreams.Over(output, true), CommandStreams.Over(error, true), false));

        Assert.Equal(arguments[0] == "inspect" ? ExitCode.BadInput : ExitCode.DiskFull, exitCode);
        Assert.Contains(
            arguments[0] == "inspect" ? "does not exist" : "Standard output cannot be written: the disk is full",
            error.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Run_LogOnAFullDisk_GoesOnWithoutIt()
    {
        using var full = new FullDisk();
        using var log = new LogWriter(full);
        using var output = new StringWriter();

        var exitCode = CommandLine.Run(
            ["trian", "--json"], new CommandStreams(output, CommandStreams.Over(output, true), CommandStreams.Over(log, true), false));

        Assert.Equal(ExitCode.BadInput, exitCode);
        Assert.Contains("Did you mean 'train'?", output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plan", "")]
    [InlineData("train", "my.yaml", "--output", "")]
    [InlineData("train", "--model", "", "--data", "x.jsonl")]
    [InlineData("pretrain", "my.yaml", "--output", " ")]
    [InlineData("export", "--model", "m", "--to", "hf", "--output", "")]
    [InlineData("merge", "--adapter", "", "--as", "lora", "--output", "o")]
    [InlineData("predict", "--model", "m", "--data", "")]
    [InlineData("evaluate", "--model", "m", "--task", "text", "--data", "")]
    [InlineData("quickstart", "--output", "")]
    [InlineData("inspect", "")]
    [InlineData("init", "")]
    public void Run_EmptyPath_IsRefusedByItsName(params string[] arguments)
    {
        var result = InProcess.Run(arguments).Expect(2);

        Assert.Contains("is empty, and a path is needed", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inspect", "/does/not/exist", "--json")]
    [InlineData("train", "/does/not/exist.yaml", "--json")]
    [InlineData("trian", "--json")]
    public void Run_BadInputUnderJson_OneDocumentAndTheMessageOnTheLog(params string[] arguments)
    {
        var result = InProcess.Run(arguments).Expect(2);

        Assert.Equal(2, result.Json.GetProperty("exitCode").GetInt32());
        Assert.Equal(result.Json.GetProperty("error").GetString(), result.Error.TrimEnd());
    }

    private sealed class FullDisk : StringWriter
    {
        public override void Write(char value) => throw Fault();

        public override void Write(string? value) => throw Fault();

        public override void Write(char[] buffer, int index, int count) => throw Fault();

        private static IOException Fault() => new("No space left on device", OperatingSystem.IsWindows() ? 112 : 28);
    }
}
