using ResLora.Adapters.Methods.Loha;
using ResLora.Adapters.Methods.Lokr;

namespace ResLora.Adapters.LoraFiles;

/// <summary>The rank of a block, from the shapes of its factors.</summary>
internal static class LoraFileRank
{
    /// <summary>Finds it.</summary>
    /// <param name="method">The file's method.</param>
    /// <param name="shapes">The shapes of the block's tensors by factor.</param>
    /// <returns>The rank; 0 where no factor is a product, so that there is none; null where the factors tell nothing.</returns>
    public static int? Of(AdapterMethod method, IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        if (method is LokrMethod && !shapes.ContainsKey("lokr_w1_b") && !shapes.ContainsKey("lokr_w2_b"))
        {
            return shapes.Keys.Any(factor => factor != LoraFileTensor.Alpha) ? 0 : null;
        }

        // Of these the first side is the rank in every form.
        string[] telling = method switch
        {
            LokrMethod => ["lokr_w2_b", "lokr_w1_b"],
            LohaMethod => ["hada_w1_b"],
            _ => [LoraFileTensor.A],
        };
        var rank = telling.Select(shapes.GetValueOrDefault).FirstOrDefault(shape => shape is { Count: > 0 })?[0];
        return rank is >= 1 and <= AdapterConfig.MaxRank ? (int)rank : null;
    }
}
