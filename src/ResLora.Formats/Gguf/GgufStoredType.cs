using static TorchSharp.torch;

namespace ResLora.Formats.Gguf;

/// <summary>An element type that the reader understands.</summary>
/// <param name="Name">ggml's name.</param>
/// <param name="GroupLength">Numbers that are stored together.</param>
/// <param name="GroupBytes">The bytes that they take.</param>
/// <param name="DataType">The dtype of the tensor that is read.</param>
internal sealed record GgufStoredType(string Name, int GroupLength, int GroupBytes, ScalarType DataType)
{
    /// <summary>The name of the blocked type.</summary>
    public const string Blocked = "Q8_0";

    private static readonly Dictionary<uint, GgufStoredType> _byNumber = new()
    {
        [0] = new("F32", 1, 4, ScalarType.Float32),
        [1] = new("F16", 1, 2, ScalarType.Float16),
        [8] = new(Blocked, 32, 34, ScalarType.Float32),
        [30] = new("BF16", 1, 2, ScalarType.BFloat16),
    };

    /// <summary>All names, for messages.</summary>
    public static string Names { get; } = string.Join(", ", _byNumber.Values.Select(type => type.Name));

    /// <summary>The type with a number, or null.</summary>
    public static GgufStoredType? Find(uint number) => _byNumber.GetValueOrDefault(number);

    /// <summary>The type with a name that is known to exist.</summary>
    public static GgufStoredType Named(string name) => _byNumber.Values.First(type => type.Name == name);
}
