using ResLora.Cli;
using ResLora.EndToEnd.Tests.Support;
using ResLora.Experiments;
using ResLora.Formats.Errors;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.EndToEnd.Tests;

public sealed class FailureTests
{
    public static TheoryData<Exception, int> Failures => new()
    {
        { new ConfigException("bad key"), 2 },
        { new FileFormatException("bad file"), 2 },
        { new RunFailedException("it failed"), 1 },
        { new TrainingFailedException(3, "loss"), 1 },
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
    [InlineData("inspect", "/does/not/exist", "--json")]
    [InlineData("train", "/does/not/exist.yaml", "--json")]
    [InlineData("trian", "--json")]
    public void Run_BadInputUnderJson_OneDocumentAndTheMessageOnTheLog(params string[] arguments)
    {
        var result = InProcess.Run(arguments).Expect(2);

        Assert.Equal(2, result.Json.GetProperty("exitCode").GetInt32());
        Assert.Equal(result.Json.GetProperty("error").GetString(), result.Error.TrimEnd());
    }
}
