using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace ResLora.EndToEnd.Tests.Support;

/// <summary>Runs the built tool as a process of its own.</summary>
internal static class Tool
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(3);

    // Other tests compute at the same time: several threads of each would wait for those of the others.
    private static readonly KeyValuePair<string, string?>[] _oneThread = [new("OMP_NUM_THREADS", "1")];

    /// <summary>Runs a command line to its end.</summary>
    /// <param name="arguments">The arguments.</param>
    public static ToolResult Run(params string[] arguments)
    {
        using var process = Start(arguments);
        return End(process);
    }

    /// <summary>Runs a command line with something on its standard input.</summary>
    /// <param name="input">What is there to read.</param>
    /// <param name="arguments">The arguments.</param>
    public static ToolResult RunWithInput(string input, params string[] arguments)
    {
        using var process = Start(arguments);
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        return End(process);
    }

    /// <summary>Starts a command line.</summary>
    /// <param name="arguments">The arguments.</param>
    public static Process Start(params string[] arguments) => Start([], arguments);

    /// <summary>Starts a command line with variables of its own, and one thread if they do not say otherwise.</summary>
    /// <param name="environment">Variables beside those of this process; null values are taken away.</param>
    /// <param name="arguments">The arguments.</param>
    public static Process Start(IEnumerable<KeyValuePair<string, string?>> environment, params string[] arguments) => Command.Start(
        Path.GetTempPath(),
        _oneThread.Concat(environment),
        Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet",
        [Path.Combine(AppContext.BaseDirectory, "reslora.dll"), .. arguments]);

    /// <summary>Sends a signal by name; .NET itself can only kill.</summary>
    /// <param name="process">The process.</param>
    /// <param name="signal">Such as TERM.</param>
    public static void Signal(Process process, string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits for a started tool.</summary>
    /// <param name="process">The process.</param>
    public static ToolResult End(Process process) => End(process, _patience);

    /// <summary>Waits for a started program.</summary>
    /// <param name="process">The process.</param>
    /// <param name="patience">How long at most.</param>
    public static ToolResult End(Process process, TimeSpan patience)
    {
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"the program did not end within {patience}");
        }

        return new ToolResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}
