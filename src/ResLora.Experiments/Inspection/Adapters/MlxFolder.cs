using System.Globalization;
using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Tensors;
using ResLora.Tensors.NativeRuntime;

namespace ResLora.Experiments.Inspection.Adapters;

/// <summary>
/// The adapters of mlx-lm: <c>adapters.safetensors</c> with <c>lora_a</c> [Din, R] and <c>lora_b</c> [R, Dout], and a scale in
/// <c>adapter_config.json</c> that the update is multiplied by as it is. They can be looked at, not used.
/// </summary>
internal static class MlxFolder
{
    private const string TensorFile = "adapters.safetensors";
    private const string ConfigFile = "adapter_config.json";

    /// <summary>Whether a folder is one of mlx-lm's.</summary>
    public static bool IsOne(string path) => File.Exists(Path.Combine(path, TensorFile));

    /// <summary>Describes it.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="model">The base model that it is held against; null for none.</param>
    /// <exception cref="FileFormatException">A file is broken.</exception>
    public static InspectionReport Inspect(string path, string? model)
    {
        TorchRuntime.ThrowIfUnusable();
        using var file = TensorFiles.Open(Path.Combine(path, TensorFile));
        var pairs = StoredPairs.Of(file);
        return new InspectionReport(
            path,
            "adapter",
            [new("format", "mlx"), .. Facts(Path.Combine(path, ConfigFile))],
            InspectedTensors.Of(file),
            [],
            ["Adapters of mlx-lm hold A and B transposed. They can be looked at here; to use one, have mlx-lm fuse it into its model (mlx_lm.fuse)."])
            .WithBlocks(pairs, InspectedTensors.ReadersOf(file), model is null ? null : () => AdapterFit.OfOwnNames(model, pairs));
    }

    private static KeyValuePair<string, string>[] Facts(string path)
    {
        if (!File.Exists(path))
        {
            return [new("scale", $"not said ({ConfigFile} is missing)")];
        }

        using var json = CheckedJson.Read(path);
        var settings = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(
            "lora_parameters", out var found) ? found : default;
        return
        [
            .. Named(json.RootElement, "method", "fine_tune_type"),
            .. Named(json.RootElement, "base model", "model"),
            .. Named(json.RootElement, "layers", "num_layers"),
            .. Named(settings, "rank", "rank"),
            .. Named(settings, "scale", "scale").Select(
                fact => KeyValuePair.Create(fact.Key, $"{fact.Value} (as it is, whatever the rank)")),
            .. Named(settings, "dropout", "dropout"),
        ];
    }

    private static IEnumerable<KeyValuePair<string, string>> Named(JsonElement json, string name, string key) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var value)
            && value.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? [new(
                name,
                value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetDouble().ToString(CultureInfo.InvariantCulture))]
            : [];
}
