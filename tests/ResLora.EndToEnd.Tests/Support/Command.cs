using System.Diagnostics;

namespace ResLora.EndToEnd.Tests.Support;

/// <summary>Runs programs.</summary>
internal static class Command
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(8);

    /// <summary>Runs a program to its end.</summary>
    /// <param name="folder">The current folder.</param>
    /// <param name="environment">Variables beside those of this process; null values are taken away.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    public static ToolResult Run(
        string folder, IEnumerable<KeyValuePair<string, string?>> environment, string program, params IEnumerable<string> arguments)
    {
        using var process = Start(folder, environment, program, arguments);
        process.StandardInput.Close();
        return Tool.End(process, _patience);
    }

    /// <summary>Starts a program, with its streams in hand.</summary>
    /// <param name="folder">The current folder.</param>
    /// <param name="environment">As for <see cref="Run"/>.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    public static Process Start(
        string folder, IEnumerable<KeyValuePair<string, string?>> environment, string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
