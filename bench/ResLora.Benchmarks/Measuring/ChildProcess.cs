using System.Diagnostics;
using System.Text.Json;
using ResLora.Cli;
using ResLora.Experiments;

namespace ResLora.Benchmarks.Measuring;

/// <summary>Runs this program once more, for what can be measured only once in a process.</summary>
internal static class ChildProcess
{
    /// <summary>Runs a verb to its end.</summary>
    /// <typeparam name="T">What its JSON document is.</typeparam>
    /// <param name="arguments">The verb and its options, without <c>--json</c>.</param>
    /// <param name="stop">Ends the child.</param>
    /// <returns>Its result.</returns>
    /// <exception cref="RunFailedException">It failed.</exception>
    public static T Run<T>(IEnumerable<string> arguments, CancellationToken stop) => Run<T>([], arguments, stop);

    /// <summary>Has a launcher run a verb to its end.</summary>
    /// <typeparam name="T">As for the other overload.</typeparam>
    /// <param name="launcher">The launcher with its arguments; none for no launcher.</param>
    /// <param name="arguments">As for the other overload.</param>
    /// <param name="stop">As for the other overload.</param>
    /// <returns>Its result.</returns>
    /// <exception cref="RunFailedException">It failed.</exception>
    public static T Run<T>(IEnumerable<string> launcher, IEnumerable<string> arguments, CancellationToken stop)
    {
        string[] line = [.. launcher, .. ThisProgram.Line(typeof(ChildProcess).Assembly), .. arguments, GlobalOptions.Json.Name];
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var child = Process.Start(start)!;
        using var killing = stop.Register(() => child.Kill(entireProcessTree: true));
        var error = child.StandardError.ReadToEndAsync(CancellationToken.None);
        var output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        stop.ThrowIfCancellationRequested();
        return child.ExitCode == ExitCode.Done
            ? JsonSerializer.Deserialize<T>(output, CommandContext.Json)!
            : throw new RunFailedException(
                $"A case in a process of its own ended with code {child.ExitCode}: {error.GetAwaiter().GetResult().Trim()}");
    }
}
