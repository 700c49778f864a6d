using System.Text.Json;
using ResLora.Experiments.Comparing;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Statistics.Judging;

namespace ResLora.Experiments.Sweeping.Reports;

/// <summary>sweep.json: all that a sweep found, and all that is needed to repeat it.</summary>
public sealed record SweepReport
{
    /// <summary>The version of the format.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The version of the format that the file has.</summary>
    public required int Version { get; init; }

    /// <summary>The program and its version.</summary>
    public required string Program { get; init; }

    /// <summary>The machine.</summary>
    public required string Machine { get; init; }

    /// <summary>The task.</summary>
    public required string Task { get; init; }

    /// <summary>The metric on validation data that points are judged by.</summary>
    public required string Metric { get; init; }

    /// <summary>Whether a lower value is better.</summary>
    public required bool IsLowerBetter { get; init; }

    /// <summary>How many validation samples there are.</summary>
    public required int ValidationSamples { get; init; }

    /// <summary>The seeds, in the order of all values by seed.</summary>
    public required IReadOnlyList<long> Seeds { get; init; }

    /// <summary>The keys that were varied.</summary>
    public required IReadOnlyList<SweptKey> Keys { get; init; }

    /// <summary>Whether the points are all that the values make, or were drawn.</summary>
    public required PointSource Source { get; init; }

    /// <summary>Where points were left behind; empty without halving.</summary>
    public required IReadOnlyList<Rung> Rungs { get; init; }

    /// <summary>The points, in the order of the sweep.</summary>
    public required IReadOnlyList<PointReport> Points { get; init; }

    /// <summary>The names of the points that were trained to the end, the best first.</summary>
    public required IReadOnlyList<string> Ranking { get; init; }

    /// <summary>The best against each of the others that were trained to the end, in the order of the ranking.</summary>
    public required IReadOnlyList<Verdict> Verdicts { get; init; }

    /// <summary>What was found, in sentences without full stops.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>Digests of the model's and the data's files, by what they are of.</summary>
    public required IReadOnlyDictionary<string, string> Sources { get; init; }

    /// <summary>The sweep's settings, defaults included, as YAML.</summary>
    public required string Config { get; init; }

    /// <summary>Steps of all runs that gave a value.</summary>
    public long TotalSteps => Points.Sum(point => (long)point.Step * point.Seconds.Values.Count(seconds => seconds is not null));

    /// <summary>Seconds of training of all runs that gave a value.</summary>
    public double TotalSeconds => Points.Sum(point => point.Seconds.Values.Sum() ?? 0);

    /// <summary>Points trained to the end, the best first.</summary>
    internal IEnumerable<PointReport> Finished => Ranking.Select(name => Points.Single(point => point.Name == name));

    /// <summary>Writes the report.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ResLoraException">The disk refuses.</exception>
    internal void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, ComparisonJson.Options) + "\n");
}
