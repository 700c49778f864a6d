using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;
using ResLora.Statistics.Judging;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>report.json: all that a comparison found, and all that is needed to repeat it.</summary>
public sealed record ComparisonReport
{
    /// <summary>The version of the format.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The version of the format that the file has.</summary>
    public required int Version { get; init; }

    /// <summary>The program and its version.</summary>
    public required string Program { get; init; }

    /// <summary>The machine: its system and processors.</summary>
    public required string Machine { get; init; }

    /// <summary>The task.</summary>
    public required string Task { get; init; }

    /// <summary>What the arms are judged by.</summary>
    public required ScoreMeaning Score { get; init; }

    /// <summary>What runs read, a plural such as tokens.</summary>
    public required string ReadUnit { get; init; }

    /// <summary>What losses are measured in.</summary>
    public required string LossUnit { get; init; }

    /// <summary>How many test samples there are.</summary>
    public required int TestSamples { get; init; }

    /// <summary>How many of them the runs saw before; null in a report that did not look.</summary>
    public SeenTests? SeenTests { get; init; }

    /// <summary>The seeds, in the order of all values by seed.</summary>
    public required IReadOnlyList<long> Seeds { get; init; }

    /// <summary>The arm that the others are held against.</summary>
    public required string Reference { get; init; }

    /// <summary>Steps of each run.</summary>
    public required int Steps { get; init; }

    /// <summary>What every run of a seed read, in <see cref="ReadUnit"/>: equal for all arms, which was checked.</summary>
    public required IReadOnlyList<double> ReadBySeed { get; init; }

    /// <summary>The model without training.</summary>
    public required BaseReport Base { get; init; }

    /// <summary>The arms, in the order of the file.</summary>
    public required IReadOnlyList<ArmReport> Arms { get; init; }

    /// <summary>What keeps the verdicts from meaning anything, a sentence each without a full stop; empty where nothing does.</summary>
    public IReadOnlyList<string> Caveats { get; init; } = [];

    /// <summary>
    /// What was changed after an earlier verdict in the same folder, such as seeds that were added, a sentence each without a full stop;
    /// empty where all was fixed before the test.
    /// </summary>
    public IReadOnlyList<string> ChangedSince { get; init; } = [];

    /// <summary>Every other arm against the reference, judged together.</summary>
    public required IReadOnlyList<Verdict> Verdicts { get; init; }

    /// <summary>The same by the loss on the test data, a family of its own; empty where the score is the loss.</summary>
    public IReadOnlyList<Verdict> LossVerdicts { get; init; } = [];

    /// <summary>
    /// The same by the mean training loss of all steps, over seeds: which arms learn sooner. A family of its own.
    /// </summary>
    public IReadOnlyList<Verdict> LearningVerdicts { get; init; } = [];

    /// <summary>What was found, a sentence each without a full stop: what keeps it from meaning anything first.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Sentences => [.. Caveats, .. ChangedSince, .. Verdicts.Select(verdict => verdict.Sentence)];

    /// <summary>Digests of the model's and the data's files, by what they are of.</summary>
    public required IReadOnlyDictionary<string, string> Sources { get; init; }

    /// <summary>The comparison's settings, defaults included, as YAML.</summary>
    public required string Config { get; init; }

    /// <summary>Reads a report.</summary>
    /// <param name="path">report.json, or the folder that it lies in.</param>
    /// <returns>The report.</returns>
    /// <exception cref="FileFormatException">It is missing, malformed, or of another version.</exception>
    public static ComparisonReport Read(string path)
    {
        var file = Directory.Exists(path) ? new CompareFolder(path).ReportFile : path;
        var report = CheckedJson.Deserialize<ComparisonReport>(file, ComparisonJson.Options);
        return report.Version == CurrentVersion
            ? report
            : throw new FileFormatException(
                $"'{file}' has version {report.Version}, and this program reads version {CurrentVersion}; update reslora.");
    }

    /// <summary>Writes the report.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ResLoraException">The disk refuses.</exception>
    internal void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, ComparisonJson.Options) + "\n");
}
