using ResLora.Formats.Errors;

namespace ResLora.Formats.Gguf.Models;

/// <summary>A tensor of a model under Hugging Face's name.</summary>
/// <param name="Name">Hugging Face's name.</param>
/// <param name="Entry">Where the file has it.</param>
/// <param name="Heads">
/// The heads whose rows the file has in llama.cpp's order (row i of a head's first half and row i of its second half are neighbours); 0 for
/// rows in Hugging Face's order.
/// </param>
public sealed record GgufModelTensor(string Name, GgufEntry Entry, int Heads);

/// <summary>The tensors that a model needs, held against those that a file has.</summary>
internal static class GgufModelTensors
{
    private const int ShownProblems = 8;

    /// <summary>Finds all tensors.</summary>
    /// <exception cref="FileFormatException">Tensors are missing, superfluous or of another shape; named as the file has them.</exception>
    public static IReadOnlyList<GgufModelTensor> Of(GgufFile file, GgufModelShape shape)
    {
        var tensors = new List<GgufModelTensor>();
        var problems = new List<string>();
        HashSet<string> wanted = shape.Architecture == "llama" ? [GgufTensorNames.FrequencyDivisors] : [];
        foreach (var (name, size, heads) in Wanted(shape))
        {
            var stored = GgufTensorNames.Stored(name);
            wanted.Add(stored);
            if (!file.Entries.TryGetValue(stored, out var entry))
            {
                problems.Add($"'{stored}' is missing");
            }
            else if (!entry.Shape.SequenceEqual(size))
            {
                problems.Add($"'{stored}' is [{string.Join(", ", entry.Shape)}]; [{string.Join(", ", size)}] is needed");
            }
            else
            {
                tensors.Add(new GgufModelTensor(name, entry, shape.Architecture == "llama" ? heads : 0));
            }
        }

        problems.AddRange(file.Entries.Keys.Where(name => !wanted.Contains(name)).Select(name => $"'{name}' belongs to no layer"));
        var more = problems.Count > ShownProblems ? $" (and {problems.Count - ShownProblems} more)" : "";
        return problems.Count == 0 ? tensors : throw new FileFormatException(
            $"'{file.Path}': the tensors do not fit the keys: {string.Join("; ", problems.Take(ShownProblems))}{more}.");
    }

    private static IEnumerable<(string Name, long[] Size, int Heads)> Wanted(GgufModelShape shape)
    {
        yield return ("model.embed_tokens.weight", [shape.Vocabulary, shape.Width], 0);
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            foreach (var (part, size, heads) in Layer(shape))
            {
                yield return ($"model.layers.{layer}.{part}", size, heads);
            }
        }

        yield return ("model.norm.weight", [shape.Width], 0);
        if (!shape.IsTied)
        {
            yield return ("lm_head.weight", [shape.Vocabulary, shape.Width], 0);
        }
    }

    private static IEnumerable<(string Part, long[] Size, int Heads)> Layer(GgufModelShape shape)
    {
        long queries = (long)shape.Heads * shape.HeadSize, keys = (long)shape.KeyValueHeads * shape.HeadSize;
        (string Name, long Rows, long Columns, int Heads, bool Bias)[] matrices =
        [
            ("self_attn.q_proj", queries, shape.Width, shape.Heads, shape.AttentionBias || shape.Architecture == "qwen2"),
            ("self_attn.k_proj", keys, shape.Width, shape.KeyValueHeads, shape.AttentionBias || shape.Architecture == "qwen2"),
            ("self_attn.v_proj", keys, shape.Width, 0, shape.AttentionBias || shape.Architecture == "qwen2"),
            ("self_attn.o_proj", shape.Width, queries, 0, shape.AttentionBias && shape.Architecture != "qwen2"),
            ("mlp.gate_proj", shape.Inner, shape.Width, 0, shape.MlpBias),
            ("mlp.up_proj", shape.Inner, shape.Width, 0, shape.MlpBias),
            ("mlp.down_proj", shape.Width, shape.Inner, 0, shape.MlpBias),
        ];
        yield return ("input_layernorm.weight", [shape.Width], 0);
        foreach (var matrix in matrices)
        {
            yield return ($"{matrix.Name}.weight", [matrix.Rows, matrix.Columns], matrix.Heads);
            if (matrix.Bias)
            {
                yield return ($"{matrix.Name}.bias", [matrix.Rows], matrix.Heads);
            }
        }

        yield return ("post_attention_layernorm.weight", [shape.Width], 0);
        if (shape.Architecture == "qwen3")
        {
            yield return ("self_attn.q_norm.weight", [shape.HeadSize], 0);
            yield return ("self_attn.k_norm.weight", [shape.HeadSize], 0);
        }
    }
}
