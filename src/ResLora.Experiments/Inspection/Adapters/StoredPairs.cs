using ResLora.Adapters.LoraFiles;
using ResLora.Formats.Gguf;
using ResLora.Tensors;
using ResLora.Tensors.Gguf;
using static TorchSharp.torch;

namespace ResLora.Experiments.Inspection.Adapters;

/// <summary>Finds the factors in files of adapters by the ends of their names, which differ from tool to tool.</summary>
internal static class StoredPairs
{
    // Those that no LoRA of a text-to-image model has, of A and of B; mlx stores both the other way round.
    private static readonly (string A, string B, bool IsTransposed)[] _ends =
        [(".lora_embedding_A", ".lora_embedding_B", false), (".lora_a", ".lora_b", true)];

    /// <summary>Whether a name is that of an A.</summary>
    /// <param name="name">A tensor's name.</param>
    public static bool IsA(string name) => Factor(name) is { IsA: true };

    /// <summary>The pairs of a file of safetensors or a pickle.</summary>
    /// <param name="file">The open file, needed until the pairs are read.</param>
    /// <returns>The pairs, sorted by name.</returns>
    public static IReadOnlyList<StoredPair> Of(ITensorFile file) => Find(file.Tensors.Keys, file.Read, mayBeTransposed: true);

    /// <summary>The pairs of an adapter in GGUF.</summary>
    /// <param name="file">The open file, needed until the pairs are read.</param>
    /// <returns>The pairs, sorted by name.</returns>
    public static IReadOnlyList<StoredPair> Of(GgufFile file) => Find(file.Entries.Keys, file.Read, mayBeTransposed: false);

    private static StoredPair[] Find(IEnumerable<string> names, Func<string, Tensor> read, bool mayBeTransposed)
    {
        var factors = names.Select(name => (Name: name, Factor: Factor(name))).Where(entry => entry.Factor is not null).ToArray();
        var others = factors.Where(entry => !entry.Factor!.IsA).ToDictionary(
            entry => entry.Factor!.Module, entry => entry.Name, StringComparer.Ordinal);
        return
        [
            .. from entry in factors
               where entry.Factor!.IsA && others.ContainsKey(entry.Factor.Module)
               orderby entry.Factor!.Module
               let other = others[entry.Factor.Module]
               let turns = entry.Factor.IsTransposed && mayBeTransposed
               select new StoredPair(entry.Factor.Module, () => Turned(read(entry.Name), turns), () => Turned(read(other), turns)),
        ];
    }

    private static StoredFactor? Factor(string name)
    {
        if (LoraFileTensor.Of(name) is { Factor: LoraFileTensor.A or LoraFileTensor.B } known)
        {
            return new StoredFactor(known.Module, known.Factor == LoraFileTensor.A, IsTransposed: false);
        }

        foreach (var (a, b, isTransposed) in _ends)
        {
            var isA = name.EndsWith(a, StringComparison.Ordinal);
            if (isA || name.EndsWith(b, StringComparison.Ordinal))
            {
                return new StoredFactor(name[..^(isA ? a : b).Length], isA, isTransposed);
            }
        }

        return null;
    }

    private static Tensor Turned(Tensor stored, bool turns)
    {
        if (!turns)
        {
            return stored;
        }

        using (stored)
        {
            return stored.t();
        }
    }

    private sealed record StoredFactor(string Module, bool IsA, bool IsTransposed);
}
