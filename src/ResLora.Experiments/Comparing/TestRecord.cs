using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;

namespace ResLora.Experiments.Comparing;

/// <summary>test.json: what was measured of a run, or of the base model, on the test data.</summary>
/// <param name="Key">What it depends on, as a digest.</param>
/// <param name="Test">How well it does; null for a base model that has no head for the task.</param>
internal sealed record TestRecord(string Key, TestScore? Test)
{
    private const string FileName = "test.json";

    private static readonly JsonSerializerOptions _json = new(ComparisonJson.Options) { WriteIndented = false };

    /// <summary>How well it does once its shortcuts are merged away; null without shortcuts.</summary>
    public TestScore? Merged { get; init; }

    /// <summary>By which method it was merged; null without shortcuts.</summary>
    public string? MergeMethod { get; init; }

    /// <summary>The mean loss of a token of the general text; null without one.</summary>
    public double? General { get; init; }

    /// <summary>The file of a run.</summary>
    /// <param name="run">The run.</param>
    public static string FileOf(PlannedRun run) => Path.Combine(run.Folder.Path, FileName);

    /// <summary>Reads a file; null when there is none, or one of other settings.</summary>
    /// <param name="file">The file.</param>
    /// <param name="key">What it must depend on.</param>
    /// <exception cref="FileFormatException">The file is malformed.</exception>
    public static TestRecord? Find(string file, string key) =>
        File.Exists(file) && CheckedJson.Deserialize<TestRecord>(file, _json) is var record && record.Key == key ? record : null;

    /// <summary>Writes the file.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="ResLoraException">The disk refuses.</exception>
    public void Write(string file) => AtomicFile.WriteText(file, JsonSerializer.Serialize(this, _json) + "\n");
}
