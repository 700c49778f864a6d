using ResLora.Cli;

namespace ResLora.EndToEnd.Tests.Support;

/// <summary>Runs command lines that need no tensors within this process, which takes milliseconds.</summary>
internal static class InProcess
{
    /// <summary>Runs a command line.</summary>
    public static ToolResult Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var streams = new CommandStreams(
            output, CommandStreams.Over(output, isRedirected: true), CommandStreams.Over(error, isRedirected: true), IsLive: false);
        var exitCode = CommandLine.Run(arguments, streams);
        return new ToolResult(exitCode, output.ToString(), error.ToString());
    }
}
