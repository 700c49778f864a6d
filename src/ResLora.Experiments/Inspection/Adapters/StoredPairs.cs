using ResLora.Formats.Gguf;
using ResLora.Tensors;
using ResLora.Tensors.Gguf;
using static TorchSharp.torch;

namespace ResLora.Experiments.Inspection.Adapters;

/// <summary>Finds the factors in files of adapters by the ends of their names, which differ from tool to tool.</summary>
internal static class StoredPairs
{
    // Of A and of B; mlx stores both the other way round.
    private static readonly (string A, string B, bool IsTransposed)[] _ends =
    [
        (".lora_A.weight", ".lora_B.weight", false),
        (".lora_embedding_A", ".lora_embedding_B", false),
        (".lora_down.weight", ".lora_up.weight", false),
        (".lora.down.weight", ".lora.up.weight", false),
        ("_lora.down.weight", "_lora.up.weight", false),
        (".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight", false),
        (".lora_a", ".lora_b", true),
    ];

    /// <summary>Whether a name is that of an A.</summary>
    /// <param name="name">A tensor's name.</param>
    public static bool IsA(string name) => Array.Exists(_ends, end => name.EndsWith(end.A, StringComparison.Ordinal));

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
        var all = names.ToHashSet(StringComparer.Ordinal);
        return
        [
            .. from end in _ends
               from name in all
               where name.EndsWith(end.A, StringComparison.Ordinal)
               let module = name[..^end.A.Length]
               let other = module + end.B
               where all.Contains(other)
               orderby module
               let turns = end.IsTransposed && mayBeTransposed
               select new StoredPair(module, () => Turned(read(name), turns), () => Turned(read(other), turns)),
        ];
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
}
