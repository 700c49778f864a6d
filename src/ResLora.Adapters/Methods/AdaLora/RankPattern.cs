using System.Text.Json;

namespace ResLora.Adapters.Methods.AdaLora;

/// <summary>PEFT's <c>rank_pattern</c> of AdaLoRA: which entries of a module's Λ are in the tensor file, a list of booleans by
/// name.</summary>
internal static class RankPattern
{
    private const string End = "." + AdaLoraBlock.ValuesName;

    /// <summary>The entries of each module, by its name without the tensor's.</summary>
    /// <param name="written">The key's value.</param>
    /// <param name="rank">The rank that blocks began with.</param>
    /// <exception cref="JsonException">It is something else.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyList<bool>> Read(JsonElement? written, int rank)
    {
        var modules = new Dictionary<string, IReadOnlyList<bool>>(StringComparer.Ordinal);
        if (written is not { ValueKind: not JsonValueKind.Null } pattern)
        {
            return modules;
        }

        foreach (var (name, kept) in pattern.Deserialize<Dictionary<string, bool[]>>()!)
        {
            if (kept is null || kept.Length != rank)
            {
                throw new JsonException($"rank_pattern '{name}' has {kept?.Length ?? 0} entries, and init_r is {rank}");
            }

            // Saved while its training goes on, PEFT leaves the adapter's name behind the tensor's.
            var end = name.LastIndexOf(End, StringComparison.Ordinal);
            modules.Add(
                end > 0 ? name[..end] : throw new JsonException($"rank_pattern '{name}' does not name a {AdaLoraBlock.ValuesName}"), kept);
        }

        return modules;
    }

    /// <summary>The entries of one module; null where the pattern does not name it.</summary>
    /// <param name="modules">What <see cref="Read"/> gave.</param>
    /// <param name="moduleName">The module's dotted name; it may begin with a part that the model trained there lacked.</param>
    public static IReadOnlyList<bool>? Of(IReadOnlyDictionary<string, IReadOnlyList<bool>> modules, string moduleName) =>
        modules.GetValueOrDefault(moduleName) ?? modules.FirstOrDefault(pair => Names(pair.Key, moduleName)).Value;

    /// <summary>Whether a name of the pattern is a module's.</summary>
    /// <param name="name">The name.</param>
    /// <param name="moduleName">The module's dotted name, as for <see cref="Of"/>.</param>
    public static bool Names(string name, string moduleName) =>
        moduleName == name || moduleName.EndsWith("." + name, StringComparison.Ordinal);

    /// <summary>The key's value; null where every module has all entries.</summary>
    /// <param name="modules">The entries of each module.</param>
    public static IReadOnlyDictionary<string, IReadOnlyList<bool>>? Write(IReadOnlyDictionary<string, IReadOnlyList<bool>> modules) =>
        modules.Count == 0 ? null : modules.ToDictionary(pair => pair.Key + End, pair => pair.Value, StringComparer.Ordinal);
}
