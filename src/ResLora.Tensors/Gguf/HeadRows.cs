using static TorchSharp.torch;

namespace ResLora.Tensors.Gguf;

/// <summary>The order of the rows of queries and keys in llama.cpp's architecture llama.</summary>
public static class HeadRows
{
    /// <summary>Puts rows that llama.cpp turns as neighbours back into the order of Hugging Face, a head at a time.</summary>
    /// <param name="rows">[H·E, ...] in the order of the file; borrowed.</param>
    /// <param name="heads">H, the heads that the rows belong to.</param>
    /// <returns>New tensor of the same shape, owned by the caller.</returns>
    public static Tensor Restore(Tensor rows, int heads)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var size = rows.shape[0] / heads;
        // Even rows of a head are its first half, odd rows its second.
        long[] order = [.. from head in Enumerable.Range(0, heads)
                           from half in Enumerable.Range(0, 2)
                           from pair in Enumerable.Range(0, (int)size / 2)
                           select head * size + 2 * pair + half];
        using var index = tensor(order);
        return rows.index_select(0, index);
    }
}
