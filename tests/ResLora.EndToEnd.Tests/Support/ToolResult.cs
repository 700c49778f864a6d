using System.Text.Json;
using Xunit;

namespace ResLora.EndToEnd.Tests.Support;

/// <summary>How a run of the tool ended.</summary>
/// <param name="ExitCode">The exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record ToolResult(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as the one JSON document that it must be.</summary>
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Output);

    /// <summary>This result, if the exit code is as expected.</summary>
    public ToolResult Expect(int exitCode)
    {
        Assert.True(exitCode == ExitCode, $"exit code {ExitCode} instead of {exitCode}\n{Output}\n{Error}");
        return this;
    }
}
