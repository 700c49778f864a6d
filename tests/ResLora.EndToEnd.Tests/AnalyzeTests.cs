using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests;

public sealed class AnalyzeTests
{
    [Theory]
    [InlineData("analyze")]
    [InlineData("analyze", "run.yaml", "--adapter", "runs/x/last")]
    [InlineData("analyze", "run.yaml", "--model", "base")]
    [InlineData("analyze", "--adapter", "runs/x/last", "--set", "analyze.steps=3")]
    public void Run_NeitherOrBothOfFileAndAdapter_IsRefused(params string[] arguments)
    {
        var error = InProcess.Run(arguments).Expect(2).Error;

        Assert.Contains("analyze needs either a YAML file (with --set and --output), or an adapter", error, StringComparison.Ordinal);
    }
}
