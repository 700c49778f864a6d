using System.Globalization;
using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Formats.Json;
using ResLora.Tensors.Gguf;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Gguf;

/// <summary>One file with every type of tensor and of value: values to the bit, or a refusal by the type's name.</summary>
internal static class TypesCase
{
    public static CaseReport Run(string name, string folder)
    {
        using var file = GgufFile.Open(Path.Combine(folder, "types.gguf"));
        using var expected = SafetensorsReader.Open(Path.Combine(folder, "expected.safetensors"));
        var quantities = new List<Quantity>();
        foreach (var tensor in expected.Entries.Keys.Union(file.Entries.Keys).Order(StringComparer.Ordinal))
        {
            using var scope = NewDisposeScope();
            quantities.Add(new Quantity(tensor, Differences(file, expected, tensor), 0));
        }

        using var metadata = CheckedJson.Read(Path.Combine(folder, "metadata.json"));
        foreach (var (key, value) in metadata.RootElement.EnumerateObject().Select(property => (property.Name, property.Value)))
        {
            quantities.Add(new Quantity(key, file.Metadata.TryGetValue(key, out var got) && IsEqual(got, value) ? 0 : 1, 0));
        }

        return GgufCases.Report(name, quantities, []);
    }

    /// <summary>How many numbers differ in a bit; infinite for another shape or a wrong refusal.</summary>
    private static double Differences(GgufFile file, SafetensorsReader expected, string tensor)
    {
        if (!expected.Entries.TryGetValue(tensor, out var wanted) || !file.Entries.TryGetValue(tensor, out var entry) || !entry.Shape.SequenceEqual(wanted.Shape))
        {
            return double.PositiveInfinity;
        }

        try
        {
            var got = file.Read(tensor).to(float32).contiguous().bytes;
            var bytes = expected.Read(tensor).contiguous().bytes;
            return got.Length == bytes.Length ? got.ToArray().Zip(bytes.ToArray()).Count(
                pair => pair.First != pair.Second) : double.PositiveInfinity;
        }
        catch (ConfigException error)
        {
            // A type that is listed only has to be refused by its name.
            return !GgufStoredType.Named(entry.TypeName).IsReadable && error.Message.Contains(
                entry.TypeName, StringComparison.Ordinal) ? 0 : double.PositiveInfinity;
        }
    }

    private static bool IsEqual(object got, JsonElement wanted) => (got, wanted.ValueKind) switch
    {
        (string text, JsonValueKind.String) => text == wanted.GetString(),
        (bool flag, JsonValueKind.True or JsonValueKind.False) => flag == wanted.GetBoolean(),
        (Array items, JsonValueKind.Array) =>
            items.Cast<object>().Zip(wanted.EnumerateArray()).All(pair => IsEqual(pair.First, pair.Second))
            && items.Length == wanted.GetArrayLength(),
        (float number, JsonValueKind.Number) => number == wanted.GetSingle(),
        (double number, JsonValueKind.Number) => number == wanted.GetDouble(),
        (IFormattable number, JsonValueKind.Number) => number.ToString(null, CultureInfo.InvariantCulture) == wanted.GetRawText(),
        _ => false,
    };
}
