using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;
using ResLora.Training.Merging;

namespace ResLora.Experiments.Exporting;

/// <summary>What an export is, what it was proved with, and what it lost; <c>export-report.json</c> in its folder.</summary>
public sealed record ExportReport
{
    /// <summary>The report's name in the export.</summary>
    public const string FileName = "export-report.json";

    /// <summary>The version of the report's format.</summary>
    public const int CurrentVersion = 1;

    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        IndentSize = 2,
        NewLine = "\n",
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The version of the format.</summary>
    public required int Version { get; init; }

    /// <summary>What became of each feature, and of which model and adapter (full paths).</summary>
    public required ExportPlan Plan { get; init; }

    /// <summary>What merging cost against the unmerged training graph; null for a model alone.</summary>
    public required MergeLoss? MergeLoss { get; init; }

    /// <summary>Which texts the merge was calibrated on; null when it needs none.</summary>
    public string? CalibratedOn { get; init; }

    /// <summary>Which texts everything was measured on.</summary>
    public required string MeasuredOn { get; init; }

    /// <summary>What was read back, held against what was exported; one for each model that the files make.</summary>
    public required IReadOnlyList<ExportProof> Proofs { get; init; }

    /// <summary>The files of the export but for this one.</summary>
    public required IReadOnlyList<ExportedFile> Files { get; init; }

    /// <summary>The prompts that were encoded again.</summary>
    public required IReadOnlyList<string> Prompts { get; init; }

    /// <summary>The token ids that logits were compared on.</summary>
    public required IReadOnlyList<IReadOnlyList<int>> TokenIds { get; init; }

    /// <summary>Writes the report into an export.</summary>
    internal void Write(string folder) =>
        AtomicFile.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, _json) + "\n");

    /// <summary>Reads the report of an export.</summary>
    /// <exception cref="FileFormatException">There is none, or it is broken.</exception>
    internal static ExportReport Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var report = CheckedJson.Deserialize<ExportReport>(path, _json);
        if (report.Version != CurrentVersion)
        {
            throw new FileFormatException(
                $"{path}: version {report.Version} is not known (this program reads version {CurrentVersion}); update reslora.");
        }

        // The serializer checks members for null, not the items of lists.
        return ((IEnumerable<object?>[])[report.Files, report.Prompts, report.TokenIds]).Any(list => list.Contains(null))
            ? throw new FileFormatException($"{path}: a list holds null; export again.")
            : report;
    }
}
