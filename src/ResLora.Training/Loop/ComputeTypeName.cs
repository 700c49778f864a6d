namespace ResLora.Training.Loop;

/// <summary>The names of types that can be computed in: float32, bfloat16 and auto.</summary>
public static class ComputeTypeName
{
    /// <summary>What is wrong with a name.</summary>
    /// <param name="key">The setting that holds it.</param>
    /// <param name="name">The name.</param>
    /// <returns>A phrase, or nothing when it is one of them.</returns>
    public static IEnumerable<string> Problems(string key, string name) =>
        name is "float32" or "bfloat16" or "auto" ? [] : [$"{key} is '{name}'; it must be float32, bfloat16 or auto"];
}
