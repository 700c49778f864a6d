using static TorchSharp.torch;

namespace ResLora.Tensors.Safetensors;

/// <summary>An element type that safetensors files and libtorch share.</summary>
/// <param name="Name">Its name in the header.</param>
/// <param name="DataType">Its name in libtorch.</param>
/// <param name="Width">Bytes per element.</param>
internal sealed record SafetensorsType(string Name, ScalarType DataType, int Width)
{
    /// <summary>
    /// All supported types, in the order in which the format's reference writer lays tensors out: the widest first, so that
    /// every tensor is aligned to its element.
    /// </summary>
    public static IReadOnlyList<SafetensorsType> All { get; } =
    [
        new("I64", ScalarType.Int64, 8),
        new("F64", ScalarType.Float64, 8),
        new("F32", ScalarType.Float32, 4),
        new("I32", ScalarType.Int32, 4),
        new("BF16", ScalarType.BFloat16, 2),
        new("F16", ScalarType.Float16, 2),
        new("U8", ScalarType.Byte, 1),
        new("BOOL", ScalarType.Bool, 1),
    ];

    /// <summary>The supported names, for messages.</summary>
    public static string Names { get; } = string.Join(", ", All.Select(type => type.Name));

    /// <summary>The type with this name in the header, or null.</summary>
    public static SafetensorsType? Find(string name) => All.FirstOrDefault(type => type.Name == name);

    /// <summary>The type that libtorch calls so, or null.</summary>
    public static SafetensorsType? Find(ScalarType dataType) => All.FirstOrDefault(type => type.DataType == dataType);
}
