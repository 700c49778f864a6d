using System.Diagnostics;
using Xunit;

namespace ResLora.EndToEnd.Tests.LlamaCpp;

/// <summary>Runs the command lines that exports print, with llama.cpp's own programs, where they are installed.</summary>
internal static class LlamaProgram
{
    // Its programs write by a thread of their own and end without waiting for it: on a busy core, output is lost, from the last line on.
    private const int Tries = 30;

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    /// <summary>Runs a printed line; skips the test when its program is not on the path.</summary>
    /// <param name="line">The line, its parts divided by blanks, the prompt in quotes.</param>
    /// <param name="prompt">What is put in place of the three dots.</param>
    /// <param name="more">Further arguments.</param>
    /// <returns>Standard output.</returns>
    public static string Run(string line, string prompt, params string[] more)
    {
        var parts = line.Split(' ');
        var program = parts[0];
        var places = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        Assert.SkipUnless(places.Any(place => File.Exists(Path.Combine(place, program))), $"{program} is not installed");
        string[] arguments =
            [.. parts.Skip(1).Select(part => part == "\"...\"" ? prompt : part), .. more, "--no-display-prompt", "-t", "1"];
        var output = "";
        for (var i = 0; i < Tries && !output.EndsWith('\n'); i++)
        {
            output = Once(program, arguments);
        }

        return output;
    }

    private static string Once(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(_patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} did not end within {_patience}");
        }

        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}\n{error.GetAwaiter().GetResult()}");
        return output.GetAwaiter().GetResult();
    }
}
