using System.Diagnostics;
using ResLora.Cli;
using ResLora.Experiments;

namespace ResLora.Benchmarks.Measuring;

/// <summary>Runs the command line tool in a process of its own, up to the first character that it prints.</summary>
/// <param name="input">What it reads.</param>
/// <param name="tool">The program and what stands before its arguments.</param>
/// <param name="arguments">Its arguments.</param>
internal sealed class ToolStart(string input, IReadOnlyList<string> tool, params string[] arguments) : IDisposable
{
    private Process? _tool;

    /// <summary>The tool as it was built beside this program.</summary>
    public static IReadOnlyList<string> Built { get; } = ["dotnet", typeof(Verb).Assembly.Location];

    /// <summary>Starts it, and returns when it has printed something.</summary>
    /// <exception cref="RunFailedException">It ended without.</exception>
    public void Run()
    {
        var start = new ProcessStartInfo(tool[0], [.. tool.Skip(1), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _tool = Process.Start(start)!;
        _tool.StandardInput.Write(input);
        _tool.StandardInput.Close();
        if (_tool.StandardOutput.Read() < 0)
        {
            throw new RunFailedException(
                $"'reslora {string.Join(' ', arguments)}' printed nothing: {_tool.StandardError.ReadToEnd().Trim()}");
        }
    }

    /// <summary>Waits for its end.</summary>
    public void Finish()
    {
        _tool?.StandardOutput.ReadToEnd();
        _tool?.WaitForExit();
        Dispose();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _tool?.Dispose();
        _tool = null;
    }
}
