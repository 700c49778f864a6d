using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;

namespace ResLora.Models;

/// <summary>
/// <c>reslora_head.json</c>: what the head in an adapter folder predicts. Adapter formats keep the head's weights only, and a label's
/// number means nothing without its name.
/// </summary>
public static class ModelHeadFile
{
    /// <summary>The file's name in an adapter folder.</summary>
    public const string FileName = "reslora_head.json";

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        IndentSize = 2,
        NewLine = "\n",
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Writes the file.</summary>
    /// <param name="folder">The adapter folder.</param>
    /// <param name="head">The head.</param>
    public static void Write(string folder, ModelHead head) =>
        AtomicFile.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(head, _json) + "\n");

    /// <summary>Reads the file.</summary>
    /// <param name="folder">The adapter folder.</param>
    /// <returns>The head, or null when there is no such file: other tools write none.</returns>
    /// <exception cref="FileFormatException">The file is malformed.</exception>
    public static ModelHead? Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        var head = CheckedJson.Deserialize<ModelHead>(path, _json);
        var fits = head.Labels is not null && !head.Labels.Any(string.IsNullOrWhiteSpace) && head.Kind switch
        {
            ModelHeadKind.Labels => head.Labels.Count > 1 && head.Labels.Distinct(StringComparer.Ordinal).Count() == head.Labels.Count,
            ModelHeadKind.Score => head.Labels.Count == 1,
            _ => false,
        };
        return fits
            ? head
            : throw new FileFormatException(
                $"{path}: expected \"kind\" labels with two names or more, none twice and none empty, or score with one.");
    }
}
