using System.Globalization;
using System.Text.Json;
using ResLora.Formats.Json;

namespace ResLora.Experiments.Exporting.Targets;

/// <summary>What a model's generation_config.json asks for, as far as other tools can be told of it.</summary>
/// <param name="EndIds">The tokens that end a text; empty when the file names none.</param>
/// <param name="Sampling">Numbers by Hugging Face's names, such as temperature; empty when the likeliest token is taken.</param>
internal sealed record GenerationSettings(IReadOnlyList<int> EndIds, IReadOnlyDictionary<string, double> Sampling)
{
    private const string FileName = "generation_config.json";

    private static readonly string[] _samplingKeys = ["temperature", "top_p", "top_k", "min_p", "repetition_penalty"];

    /// <summary>Reads the file of a model's folder, if there is one.</summary>
    public static GenerationSettings Read(string modelFolder)
    {
        var path = Path.Combine(modelFolder, FileName);
        if (!File.Exists(path))
        {
            return new GenerationSettings([], new Dictionary<string, double>());
        }

        using var json = CheckedJson.Read(path);
        var root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            return new GenerationSettings([], new Dictionary<string, double>());
        }

        var samples = root.TryGetProperty("do_sample", out var flag) && flag.ValueKind == JsonValueKind.True;
        var numbers = _samplingKeys
            .Where(key => samples || key == "repetition_penalty")
            .Where(key => root.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Number)
            .ToDictionary(key => key, key => root.GetProperty(key).GetDouble(), StringComparer.Ordinal);
        return new GenerationSettings(Ids(root), numbers);
    }

    /// <summary>The sampling settings as another tool writes them, greedy where the file does not sample.</summary>
    /// <param name="names">Hugging Face's name to the tool's.</param>
    public IEnumerable<(string Name, string Value)> As(IReadOnlyDictionary<string, string> names)
    {
        var sampling = Sampling.ContainsKey("temperature") ? Sampling : Sampling.Append(new("temperature", 0)).ToDictionary();
        return sampling
            .Where(setting => names.ContainsKey(setting.Key))
            .OrderBy(setting => setting.Key, StringComparer.Ordinal)
            .Select(setting => (names[setting.Key], setting.Value.ToString(CultureInfo.InvariantCulture)));
    }

    private static int[] Ids(JsonElement root) => !root.TryGetProperty("eos_token_id", out var value) ? []
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Where(IsId).Select(id => id.GetInt32())]
        : IsId(value) ? [value.GetInt32()] : [];

    private static bool IsId(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out _);
}
