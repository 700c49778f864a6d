using System.Diagnostics;
using System.Text.Json;
using ResLora.Experiments;

namespace ResLora.Benchmarks.Measuring;

/// <summary>Runs a training in a process of its own, up to the end of its first step.</summary>
/// <param name="tool">The program and what stands before its arguments.</param>
/// <param name="settings">The run's YAML file.</param>
internal sealed class FirstStep(IReadOnlyList<string> tool, string settings) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("reslora-start-").FullName;
    private readonly List<double> _steps = [];
    private Process? _process;
    private int _count;

    /// <summary>How long the first step itself took, by the run's own log: the median.</summary>
    public double StepMilliseconds => _steps.Count == 0 ? double.NaN : _steps.Order().ElementAt(_steps.Count / 2);

    private string Output => Path.Combine(_folder, $"{_count}");

    private string Metrics => Path.Combine(Output, "metrics.jsonl");

    /// <summary>Starts the run, and returns when its first step is logged.</summary>
    /// <exception cref="RunFailedException">It ended without.</exception>
    public void Run()
    {
        _count++;
        _process = Process.Start(new ProcessStartInfo(
            tool[0], [.. tool.Skip(1), "train", settings, "--set", "training.steps=2", "--output", Output, "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        while (!(File.Exists(Metrics) && new FileInfo(Metrics).Length > 0))
        {
            if (_process.WaitForExit(TimeSpan.FromMilliseconds(1)) && !File.Exists(Metrics))
            {
                throw new RunFailedException($"'reslora train {settings}' did no step: {_process.StandardError.ReadToEnd().Trim()}");
            }
        }
    }

    /// <summary>Waits for the run's end.</summary>
    public void Finish()
    {
        _process!.StandardOutput.ReadToEnd();
        _process.WaitForExit();
        using var first = JsonDocument.Parse(File.ReadLines(Metrics).First());
        _steps.Add(1000 * first.RootElement.GetProperty("seconds").GetDouble());
        _process.Dispose();
        _process = null;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
