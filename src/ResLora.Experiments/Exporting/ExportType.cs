using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Exporting;

/// <summary>How the numbers of an export are stored.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ExportType>))]
public enum ExportType
{
    /// <summary>float32.</summary>
    [JsonStringEnumMemberName("f32")] F32,

    /// <summary>float16: 11 significant bits, at most 65504.</summary>
    [JsonStringEnumMemberName("f16")] F16,

    /// <summary>bfloat16: 8 significant bits, the range of float32.</summary>
    [JsonStringEnumMemberName("bf16")] BF16,

    /// <summary>GGUF's blocks of 32 whole numbers from -127 to 127 that share a float16 factor.</summary>
    [JsonStringEnumMemberName("q8_0")] Q8,
}

/// <summary>Names and conversions of <see cref="ExportType"/>.</summary>
public static class ExportTypes
{
    private static readonly Dictionary<string, ExportType> _byName = new(StringComparer.Ordinal)
    {
        ["f32"] = ExportType.F32,
        ["f16"] = ExportType.F16,
        ["bf16"] = ExportType.BF16,
        ["q8_0"] = ExportType.Q8,
    };

    /// <summary>The type of a name.</summary>
    /// <param name="name">f32, f16, bf16 or q8_0.</param>
    /// <returns>The type.</returns>
    /// <exception cref="ConfigException">There is no such type.</exception>
    public static ExportType Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _byName.TryGetValue(name, out var type)
            ? type
            : throw new ConfigException(
                $"There is no type '{name}' ({string.Join(", ", _byName.Keys)}).{NearestName.Suggestion(name, _byName.Keys)}");
    }

    /// <summary>How many bytes a number takes.</summary>
    internal static double BytesOfNumber(this ExportType type) => type switch
    {
        ExportType.F32 => 4,
        ExportType.Q8 => 34.0 / 32,
        _ => 2,
    };

    /// <summary>The type's name on the command line.</summary>
    /// <param name="type">The type.</param>
    /// <returns>f32, f16, bf16 or q8_0.</returns>
    public static string Name(this ExportType type) => _byName.First(known => known.Value == type).Key;

    /// <summary>The type that stores a model's own numbers without a change, or with the least one.</summary>
    /// <param name="dtype">The model's dtype.</param>
    /// <returns>f16 and bf16 for themselves, else f32.</returns>
    internal static ExportType Of(ScalarType dtype) => dtype switch
    {
        ScalarType.Float16 => ExportType.F16,
        ScalarType.BFloat16 => ExportType.BF16,
        _ => ExportType.F32,
    };

    /// <summary>libtorch's name of a type that safetensors files can hold.</summary>
    internal static ScalarType DataType(this ExportType type) => type switch
    {
        ExportType.F32 => ScalarType.Float32,
        ExportType.F16 => ScalarType.Float16,
        ExportType.BF16 => ScalarType.BFloat16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a type of safetensors files"),
    };
}
