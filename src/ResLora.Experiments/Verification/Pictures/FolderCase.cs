using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Images.Folders;
using ResLora.Text.Data;

namespace ResLora.Experiments.Verification.Pictures;

/// <summary>Data sets of pictures in the layouts that people have, with the examples that they are to give, or the refusal.</summary>
internal static class FolderCase
{
    private const string ExpectedFile = "expected.json";
    private static readonly string[] _labelKeys = ["label", "category"];
    private static readonly string[] _captionKeys = ["text", "prompt"];

    private static readonly JsonSerializerOptions _json =
        new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static CaseReport Run(string name, string folder)
    {
        var quantities = new List<Quantity>();
        var failures = new List<string>();
        var layouts = Directory.GetDirectories(folder).Where(layout => File.Exists(Path.Combine(layout, ExpectedFile)));
        foreach (var layout in layouts.Order(StringComparer.Ordinal))
        {
            var failure = FailureOf(layout, CheckedJson.Deserialize<Expected>(Path.Combine(layout, ExpectedFile), _json));
            quantities.Add(new Quantity(Path.GetFileName(layout), failure is null ? 0 : 1, 0));
            if (failure is not null)
            {
                failures.Add($"{Path.GetFileName(layout)}: {failure}");
            }
        }

        return PictureCases.Report(name, quantities, failures);
    }

    private static string? FailureOf(string layout, Expected expected)
    {
        var heard = new List<string>();
        using var listening = Warnings.Listen(heard.Add);
        try
        {
            var examples = expected.Want switch
            {
                "same" => expected.HuggingFace.Examples,
                "examples" => expected.Examples,
                "refused" => null,
                _ => throw new ConfigException($"to want '{expected.Want}' is not supported"),
            };
            var data = PictureDataReader.Read(Path.Combine(layout, "data"), RequestOf(layout, expected, examples));
            if (examples is null)
            {
                return "was read, and is to be refused";
            }

            RepeatedPictures.Warn(data);
            return Difference(data, expected, examples) ?? Untold(layout, expected, heard);
        }
        catch (FileFormatException error)
        {
            return expected.Want == "refused" || expected.OrRefused ? Untold(layout, expected, [.. heard, error.Message]) : error.Message;
        }
    }

    private static PictureRequest RequestOf(string layout, Expected expected, IReadOnlyList<Dictionary<string, JsonElement>>? examples)
    {
        var columns = examples?.SelectMany(example => example.Keys).ToHashSet() ?? [.. expected.HuggingFace.Columns ?? []];
        var label = _labelKeys.FirstOrDefault(columns.Contains);
        var caption = _captionKeys.FirstOrDefault(columns.Contains);
        var config = Path.Combine(layout, "config.json");
        return new PictureRequest
        {
            // What is to be refused and has no caption was meant for classes.
            Labels = label is not null || (examples is null && caption is null),
            Captions = caption is not null,
            Columns = new ColumnMap(new Dictionary<string, string>
            {
                [PictureRequest.LabelColumn] = label ?? "label",
                [PictureRequest.CaptionColumn] = caption ?? "text",
            }),
            Model = File.Exists(config) ? ModelClasses.Read(config) : null,
        };
    }

    private static string? Difference(PictureData data, Expected expected, IReadOnlyList<Dictionary<string, JsonElement>> examples)
    {
        var got = data.Pictures.Select(picture => string.Join(
            ' ',
            picture.Split.ToString().ToLowerInvariant(),
            picture.Source.Name,
            picture.Label is { } label ? data.Classes!.Names[label] : null,
            picture.Caption));
        var wanted = examples.Select(example =>
            $"{example["split"]} {example["file"]} {Of(example, _labelKeys)} {Of(example, _captionKeys)}");
        if (!AreSame(got, wanted))
        {
            return "other examples";
        }

        if (expected.ClassNames is { } names && !AreSame(data.Classes!.Names, names))
        {
            return "other classes";
        }

        if (expected.Ids is null && expected.ClassNames is { } ordered && !data.Classes!.Names.SequenceEqual(ordered))
        {
            return "classes in another order";
        }

        if (expected.Ids?.Any(id => data.Classes!.Find(id.Key) != id.Value) == true)
        {
            return "classes with other numbers";
        }

        var broken = data.Pictures.Where(picture => !picture.Source.TryDecode(out _, out _)).Select(picture => picture.Source.Name);
        return AreSame(
            broken, expected.HuggingFace.CannotBeDecoded?.Keys ?? Enumerable.Empty<string>()) ? null : "other pictures are broken";
    }

    private static bool AreSame(IEnumerable<string> first, IEnumerable<string> second) =>
        first.Order(StringComparer.Ordinal).SequenceEqual(second.Order(StringComparer.Ordinal));

    // Every file and class of the data that the user is to be told of is in one of the sentences.
    private static string? Untold(string layout, Expected expected, List<string> heard)
    {
        var data = Path.Combine(layout, "data");
        string[] known =
        [
            .. Directory.EnumerateFileSystemEntries(data, "*", SearchOption.AllDirectories)
                .SelectMany(path => new[] { Path.GetRelativePath(data, path), Path.GetFileName(path) })
                .Distinct(),
        ];
        bool IsTold(string warning) => heard.Count >= expected.Warn!.Count
            && known.Where(name => Mentions(warning, name)).All(name => heard.Any(sentence => Mentions(sentence, name)));
        return expected.Warn?.FirstOrDefault(warning => !IsTold(warning)) is { } untold ? $"it is not told that {untold}" : null;
    }

    private static bool Mentions(string sentence, string name) => sentence.Split([' ', ':', ',', ';', '\'']).Contains(name);

    private static string? Of(Dictionary<string, JsonElement> example, string[] keys) =>
        keys.FirstOrDefault(example.ContainsKey) is { } key && example[key] is { ValueKind: not JsonValueKind.Null } value
            ? value.ToString()
            : null;

    private sealed record Expected
    {
        [JsonPropertyName("huggingface")]
        public required HuggingFaceResult HuggingFace { get; init; }

        public required string Want { get; init; }

        public IReadOnlyList<Dictionary<string, JsonElement>>? Examples { get; init; }

        public IReadOnlyList<string>? ClassNames { get; init; }

        public Dictionary<string, int>? Ids { get; init; }

        public IReadOnlyList<string>? Warn { get; init; }

        public bool OrRefused { get; init; }
    }

    private sealed record HuggingFaceResult
    {
        public IReadOnlyList<string>? Columns { get; init; }

        public IReadOnlyList<Dictionary<string, JsonElement>>? Examples { get; init; }

        public Dictionary<string, string>? CannotBeDecoded { get; init; }
    }
}
