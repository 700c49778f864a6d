using ResLora.Formats.Errors;

namespace ResLora.Formats.Gguf.Models;

/// <summary>The sizes of a model, by keys and tensors.</summary>
internal sealed record GgufModelShape
{
    public required string Architecture { get; init; }

    public required int Width { get; init; }

    public required int Inner { get; init; }

    public required int Layers { get; init; }

    public required int Heads { get; init; }

    public required int KeyValueHeads { get; init; }

    public required int HeadSize { get; init; }

    public required int Positions { get; init; }

    public required long Vocabulary { get; init; }

    public required bool IsTied { get; init; }

    public required bool AttentionBias { get; init; }

    public required bool MlpBias { get; init; }

    /// <summary>Reads and checks them.</summary>
    /// <exception cref="FileFormatException">A key is missing or impossible.</exception>
    /// <exception cref="ConfigException">The file asks for something that is not supported.</exception>
    public static GgufModelShape Read(GgufFile file, string architecture)
    {
        var keys = new GgufModelKeys(file, architecture);
        var (width, heads, layers) = (keys.Size("embedding_length"), keys.Size("attention.head_count"), keys.Size("block_count"));
        var headSize = keys.SizeOrNull("attention.key_length") ?? (width % heads == 0 ? width / heads : throw new FileFormatException(
            $"'{file.Path}': '{keys.Full("embedding_length")}' {width} is no multiple of '{keys.Full("attention.head_count")}' {heads}."));
        var keyValueHeads = keys.SizeOrNull("attention.head_count_kv") ?? heads;
        if (layers > file.Entries.Count)
        {
            throw new FileFormatException(
                $"'{file.Path}': '{keys.Full("block_count")}' is {layers}, and the file has {file.Entries.Count} tensors in all.");
        }

        if (heads % keyValueHeads != 0)
        {
            throw new FileFormatException($"'{file.Path}': '{keys.Full("attention.head_count")}' {heads} is no multiple of '{keys.Full("attention.head_count_kv")}' {keyValueHeads}.");
        }

        RequireWhole(file, keys, headSize);
        var embedding = file.Entry("token_embd.weight");
        return new GgufModelShape
        {
            Architecture = architecture,
            Width = width,
            Inner = keys.Size("feed_forward_length"),
            Layers = layers,
            Heads = heads,
            KeyValueHeads = keyValueHeads,
            HeadSize = headSize,
            Positions = keys.Size("context_length"),
            Vocabulary = embedding.Shape[0],
            IsTied = !file.Entries.ContainsKey("output.weight"),
            AttentionBias = file.Entries.ContainsKey("blk.0.attn_q.bias"),
            MlpBias = file.Entries.ContainsKey("blk.0.ffn_up.bias"),
        };
    }

    private static void RequireWhole(GgufFile file, GgufModelKeys keys, int headSize)
    {
        if ((keys.SizeOrNull("rope.dimension_count") ?? headSize) != headSize)
        {
            throw new ConfigException(
                $"'{file.Path}' turns only a part of each head ('{keys.Full("rope.dimension_count")}'), which is not supported.");
        }

        if ((keys.SizeOrNull("attention.value_length") ?? headSize) != headSize)
        {
            throw new ConfigException(
                $"'{file.Path}' has values of another width than keys ('{keys.Full("attention.value_length")}'), which is not supported.");
        }

        foreach (var key in new[] { "expert_count", "expert_used_count", "attention.clamp_kqv" })
        {
            keys.RequireUsual(key, 0);
        }

        foreach (var key in new[] { "attention.causal", "attention.scale", "logit_scale", "residual_scale", "embedding_scale" })
        {
            keys.RequireUsual(key, key == "attention.causal" ? [1] : [0, 1]);
        }
    }
}
