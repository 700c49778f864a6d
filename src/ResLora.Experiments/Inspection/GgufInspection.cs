using System.Globalization;
using ResLora.Experiments.Inspection.Adapters;
using ResLora.Formats;
using ResLora.Formats.Gguf;
using ResLora.Tensors.NativeRuntime;

namespace ResLora.Experiments.Inspection;

/// <summary>Describes a GGUF file by its keys and its directory of tensors.</summary>
internal static class GgufInspection
{
    private const string Tokens = "tokenizer.ggml.tokens";
    private const string Template = "tokenizer.chat_template";
    private const int ShownItems = 8;
    private const int ShownLetters = 80;

    /// <summary>Whether a path is to be read as GGUF.</summary>
    public static bool IsOne(string path) => Path.GetExtension(path).Equals(".gguf", StringComparison.OrdinalIgnoreCase);

    /// <summary>Describes a file, or all files of a model in several.</summary>
    /// <param name="path">The file, or the first of several.</param>
    /// <param name="baseModel">The base model that an adapter is held against; null for none.</param>
    /// <param name="run">What else is known of a model.</param>
    public static InspectionReport Of(
        string path, string? baseModel, Func<string, (
            List<KeyValuePair<string, string>> Facts, List<LinearGroup> Layers, List<string> Notes)> run)
    {
        using var file = GgufFile.Open(path);
        // Adapters and files of some tensors have no embedding.
        var model = file.Entries.ContainsKey("token_embd.weight") ? run(path) : ([], [], []);
        List<KeyValuePair<string, string>> facts =
        [
            .. model.Facts,
            new("architecture", Shown(file, "general.architecture")),
            new("files", Text(file.Files.Count)),
            new("tokenizer", Tokenizer(file)),
            new("chat template", file.Metadata.ContainsKey(Template) ? "yes" : "no"),
            .. file.Entries.Values.GroupBy(
                entry => entry.TypeName, StringComparer.Ordinal).OrderBy(type => type.Key, StringComparer.Ordinal).Select(Type),
            .. file.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(
                pair => new KeyValuePair<string, string>(pair.Key, Value(pair.Value))),
        ];
        return file.TryGet<string>("general.type", out var type) && type == "adapter"
            ? Adapter(path, file, facts, baseModel)
            : new InspectionReport(path, "gguf", [.. facts.DistinctBy(fact => fact.Key)], Tensors(file), model.Layers, model.Notes);
    }

    private static InspectionReport Adapter(string path, GgufFile file, IReadOnlyList<KeyValuePair<string, string>> facts, string? model)
    {
        TorchRuntime.ThrowIfUnusable();
        var pairs = StoredPairs.Of(file);
        var alpha = file.TryGet<float>("adapter.lora.alpha", out var stored) ? stored : 0;
        return new InspectionReport(
            path,
            "adapter",
            [new("format", "gguf"), new("scale", alpha == 0 ? "1 (no alpha)" : $"{alpha.ToString(CultureInfo.InvariantCulture)} / rank (alpha / rank)"), .. facts],
            Tensors(file),
            [],
            []).WithBlocks(pairs, [], model is null ? null : () => AdapterFit.OfGguf(model, pairs));
    }

    private static IReadOnlyList<InspectedTensor> Tensors(GgufFile file) =>
    [
        .. file.Entries.Values.OrderBy(entry => entry.Name, StringComparer.Ordinal)
            .Select(entry => new InspectedTensor(entry.Name, entry.TypeName.ToLowerInvariant(), entry.Shape, entry.Length)),
    ];

    private static KeyValuePair<string, string> Type(IGrouping<string, GgufEntry> type) => new(
        $"type {type.Key}",
        $"{Text(type.Count())} tensors, {ByteSize.Format(type.Sum(entry => entry.Length))}"
        + (GgufStoredType.Named(type.Key).IsReadable ? "" : "; its values cannot be read here"));

    private static string Tokenizer(GgufFile file) => file.Metadata.TryGetValue(Tokens, out var tokens) && tokens is Array list
        ? $"{Shown(file, "tokenizer.ggml.model")}, {Text(list.Length)} tokens"
        : "none";

    private static string Shown(GgufFile file, string key) => file.Metadata.TryGetValue(key, out var value) ? Value(value) : "not said";

    private static string Value(object value) => value switch
    {
        Array { Length: > ShownItems } items => $"{Text(items.Length)} values",
        Array items => $"[{string.Join(", ", items.Cast<object>().Select(Value))}]",
        string text => Shortened(text),
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static string Shortened(string text)
    {
        var line = text.ReplaceLineEndings("\\n");
        return line.Length <= ShownLetters ? line : $"{line[..ShownLetters]}… ({Text(text.Length)} letters)";
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
