using System.Globalization;
using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;

namespace ResLora.Training.Generation;

/// <summary>
/// How a model's generation_config.json asks for tokens to be drawn. Here the likeliest token is taken unless the user says otherwise;
/// exports hand these settings on.
/// </summary>
/// <param name="Numbers">Numbers by Hugging Face's names, such as temperature; empty when the likeliest token is taken.</param>
public sealed record SamplingSettings(IReadOnlyDictionary<string, double> Numbers)
{
    private const string FileName = "generation_config.json";
    private const string Penalty = "repetition_penalty";

    // What that library draws with where the file says do_sample and nothing else.
    private static readonly Dictionary<string, double> _defaults = new(StringComparer.Ordinal)
    {
        ["temperature"] = 1,
        ["top_p"] = 1,
        ["top_k"] = 50,
        ["min_p"] = 0,
    };

    /// <summary>Whether tokens are to be drawn.</summary>
    public bool Draws => Numbers.ContainsKey("temperature");

    /// <summary>Reads the file of a model's folder, if there is one.</summary>
    /// <param name="modelFolder">The folder.</param>
    /// <returns>The settings.</returns>
    /// <exception cref="FileFormatException">The file is not valid JSON, or a setting is no number.</exception>
    public static SamplingSettings Read(string modelFolder)
    {
        ArgumentNullException.ThrowIfNull(modelFolder);
        var path = Path.Combine(modelFolder, FileName);
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        if (!ModelFiles.Exists(path))
        {
            return new SamplingSettings(numbers);
        }

        using var json = CheckedJson.Read(path);
        var root = json.RootElement;
        double? Number(string key) =>
            root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(key, out var value)
                || value.ValueKind == JsonValueKind.Null ? null
            : value.ValueKind == JsonValueKind.Number ? value.GetDouble()
            : throw new FileFormatException($"{path}: {key} is {value.GetRawText()}, expected a number.");
        if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty(
            "do_sample", out var flag) && flag.ValueKind == JsonValueKind.True)
        {
            foreach (var (key, usual) in _defaults)
            {
                numbers[key] = Number(key) ?? usual;
            }
        }

        if (Number(Penalty) is { } penalty && penalty != 1)
        {
            numbers[Penalty] = penalty;
        }

        return new SamplingSettings(numbers);
    }

    /// <summary>The settings as another tool writes them, greedy where the file does not ask for drawing.</summary>
    /// <param name="names">Hugging Face's name to the tool's.</param>
    /// <returns>Name and value, in the order of Hugging Face's names.</returns>
    public IEnumerable<(string Name, string Value)> As(IReadOnlyDictionary<string, string> names) =>
        (Draws ? Numbers : Numbers.Append(new("temperature", 0)))
        .Where(setting => names.ContainsKey(setting.Key))
        .OrderBy(setting => setting.Key, StringComparer.Ordinal)
        .Select(setting => (names[setting.Key], Text(setting.Value)));

    /// <summary>The settings in words, such as <c>temperature 0.7, top_p 0.8</c>; empty for none.</summary>
    /// <returns>The words.</returns>
    public override string ToString() =>
        string.Join(
            ", ",
            Numbers.OrderBy(setting => setting.Key, StringComparer.Ordinal).Select(setting => $"{setting.Key} {Text(setting.Value)}"));

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
