using System.Text.Json;
using ResLora.Experiments.Comparing;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;

namespace ResLora.Experiments.Analyzing;

/// <summary>probes.json of a run: what was measured so far. A run that goes on measures no step again.</summary>
internal sealed class ProbeLog
{
    private readonly string _file;
    private readonly List<StepFigures> _steps;

    private ProbeLog(string file, List<StepFigures> steps) => (_file, _steps) = (file, steps);

    /// <summary>What was measured, in the order of steps.</summary>
    public IReadOnlyList<StepFigures> Steps => _steps;

    /// <summary>Opens the log of a run, which is empty where there is none.</summary>
    /// <param name="run">The run's folder.</param>
    /// <exception cref="FileFormatException">The file is malformed.</exception>
    public static ProbeLog Open(string run)
    {
        var file = Path.Combine(run, "probes.json");
        return new ProbeLog(file, File.Exists(file) ? CheckedJson.Deserialize<List<StepFigures>>(file, ComparisonJson.Options) : []);
    }

    /// <summary>Whether a step was measured.</summary>
    /// <param name="step">How many steps were done.</param>
    public bool Has(int step) => _steps.Any(one => one.Step == step);

    /// <summary>Adds a measurement and writes the file.</summary>
    /// <param name="figures">The measurement.</param>
    /// <exception cref="ResLoraException">The disk refuses.</exception>
    public void Add(StepFigures figures)
    {
        _steps.Add(figures);
        AtomicFile.WriteText(_file, JsonSerializer.Serialize(_steps, ComparisonJson.Options) + "\n");
    }
}
