using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;

namespace ResLora.Formats.HuggingFace;

/// <summary>The index of a checkpoint in several files: <c>weight_map</c> of model.safetensors.index.json.</summary>
public static class WeightMap
{
    /// <summary>Reads the map of an index.</summary>
    /// <param name="index">The index's file.</param>
    /// <returns>For each tensor the file that has it, as the index says; not checked to be there, nor to be a plain name.</returns>
    /// <exception cref="FileFormatException">It is no index.</exception>
    public static IReadOnlyDictionary<string, string> Read(string index)
    {
        using var document = CheckedJson.Read(index);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("weight_map", out var map)
            || map.ValueKind != JsonValueKind.Object
            || map.GetPropertyCount() == 0)
        {
            throw new FileFormatException(
                $"'{index}' needs an object 'weight_map' that maps each tensor to its file, and has none or an empty one.");
        }

        return map.EnumerateObject().ToDictionary(
            pair => pair.Name,
            pair => pair.Value.ValueKind == JsonValueKind.String
                ? pair.Value.GetString()!
                : throw new FileFormatException($"'{index}' maps tensor '{pair.Name}' to {pair.Value.ValueKind}; expected a file name."),
            StringComparer.Ordinal);
    }
}
