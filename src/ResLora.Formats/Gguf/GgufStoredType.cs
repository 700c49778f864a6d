namespace ResLora.Formats.Gguf;

/// <summary>An element type that can be read.</summary>
/// <param name="Name">ggml's name.</param>
/// <param name="GroupLength">Numbers that are stored together.</param>
/// <param name="GroupBytes">The bytes that they take.</param>
public sealed record GgufStoredType(string Name, int GroupLength, int GroupBytes)
{
    private static readonly Dictionary<uint, GgufStoredType> _byNumber = new()
    {
        [0] = new("F32", 1, 4),
        [1] = new("F16", 1, 2),
        [8] = new("Q8_0", 32, 34),
        [30] = new("BF16", 1, 2),
    };

    /// <summary>All names, for messages.</summary>
    internal static string Names { get; } = string.Join(", ", _byNumber.Values.Select(type => type.Name));

    /// <summary>The type with a name that is known to exist.</summary>
    /// <param name="name">The name, from an entry.</param>
    /// <returns>The type.</returns>
    public static GgufStoredType Named(string name) => _byNumber.Values.First(type => type.Name == name);

    /// <summary>The type with a number, or null.</summary>
    internal static GgufStoredType? Find(uint number) => _byNumber.GetValueOrDefault(number);
}
