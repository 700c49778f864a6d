using ResLora.Formats.Errors;

namespace ResLora.Formats.Gguf;

/// <summary>The names of <see cref="GgufWeightType"/> and what a file of each type says of itself.</summary>
public static class GgufWeightTypes
{
    private static readonly (GgufWeightType Type, string Name, uint FileType)[] _all =
    [
        (GgufWeightType.F32, "f32", 0),
        (GgufWeightType.F16, "f16", 1),
        (GgufWeightType.BF16, "bf16", 32),
        (GgufWeightType.Q8, "q8_0", 7),
    ];

    /// <summary>The names, as the command line takes them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. _all.Select(entry => entry.Name)];

    /// <summary>The type with a name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <returns>The type.</returns>
    /// <exception cref="ConfigException">There is no such type.</exception>
    public static GgufWeightType Parse(string name)
    {
        foreach (var entry in _all)
        {
            if (entry.Name == name)
            {
                return entry.Type;
            }
        }

        throw new ConfigException($"GGUF weight type '{name}' is not known; choose one of {string.Join(", ", Names)}.");
    }

    /// <summary>The name of a type.</summary>
    /// <param name="type">The type.</param>
    /// <returns>The name, such as <c>q8_0</c>.</returns>
    public static string Name(this GgufWeightType type) => _all.First(entry => entry.Type == type).Name;

    /// <summary>The value of <c>general.file_type</c> for a file whose matrices have this type.</summary>
    /// <param name="type">The type.</param>
    /// <returns>The number.</returns>
    public static uint FileType(this GgufWeightType type) => _all.First(entry => entry.Type == type).FileType;
}
