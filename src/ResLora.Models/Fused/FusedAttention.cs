using static TorchSharp.torch;

namespace ResLora.Models.Fused;

/// <summary>
/// Causal attention with rotary positions over texts of any lengths that stand one behind another. Grouped heads share their keys without
/// copies: the H/K·T queries of a key head are multiplied with its keys as one matrix. With S = Q Kᵀ / √E and P = softmax(S):
/// <code>
/// O = P V        ∂V = Pᵀ ∂O      ∂P = ∂O Vᵀ      ∂S = P ⊙ (∂P − Σ P ⊙ ∂P)      ∂Q = ∂S K / √E      ∂K = ∂Sᵀ Q / √E
/// </code>
/// P is computed again for the gradients: at the lengths of fine-tuning that costs less time than to write and read it, and no memory.
/// </summary>
/// <remarks>Grouped heads: Ainslie et al., arXiv:2305.13245. The scores are rounded to bfloat16, as in Hugging Face's plain attention.</remarks>
internal sealed class FusedAttention : autograd.SingleTensorFunction<FusedAttention>
{
    /// <summary>The most scores at a time: 8 MB, so that they stay in the cache between the products and the softmax.</summary>
    private const long MostScores = 4L << 20;

    public override string Name => nameof(FusedAttention);

    /// <summary>Whether the kernel may take these queries.</summary>
    /// <param name="query">[..., H·E], borrowed.</param>
    /// <param name="headSize">E; half of it must fill whole vectors.</param>
    /// <returns>True when it may.</returns>
    public static bool Fits(Tensor query, int headSize) => FusedKernels.Fit(query) && headSize % (2 * Lanes.Count) == 0;

    /// <param name="query">[N, H·E] bfloat16, not yet turned; borrowed. N is the number of tokens of all texts.</param>
    /// <param name="key">[N, K·E], likewise.</param>
    /// <param name="value">[N, K·E], likewise.</param>
    /// <param name="cos">[T, E] float32, the cosines of the angles; token n has those of row n modulo T. Borrowed.</param>
    /// <param name="sin">[T, E] float32, the sines.</param>
    /// <param name="headSize">E.</param>
    /// <param name="lengths">The tokens of each text; they add up to N.</param>
    /// <returns>New tensor [N, H·E], owned by the caller.</returns>
    public static Tensor Apply(Tensor query, Tensor key, Tensor value, Tensor cos, Tensor sin, int headSize, IReadOnlyList<int> lengths) =>
        apply([query, key, value, cos, sin, headSize, lengths]);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (cos, sin, size, lengths) = ((Tensor)vars[3], (Tensor)vars[4], (int)vars[5], (IReadOnlyList<int>)vars[6]);
        using var scope = NewDisposeScope();
        var (query, key, value) = (((Tensor)vars[0]).contiguous(), ((Tensor)vars[1]).contiguous(), ((Tensor)vars[2]).contiguous());
        var (heads, groups) = ((int)(query.shape[1] / size), (int)(key.shape[1] / size));
        var q = HeadLayout.ToHeads(query, heads, HeadLayout.Turn.Forward, cos, sin, (float)(1 / Math.Sqrt(size)));   // [N, H·E] -> [H, N, E]
        var k = HeadLayout.ToHeads(key, groups, HeadLayout.Turn.Forward, cos, sin);                                   // [N, K·E] -> [K, N, E]
        var v = HeadLayout.ToHeads(value, groups, HeadLayout.Turn.None, cos, sin);                                    // [N, K·E] -> [K, N, E]
        var mixed = empty_like(q);                                                                                    // [H, N, E]
        foreach (var part in Parts(groups, heads / groups, lengths))
        {
            using var inner = NewDisposeScope();
            var (queries, keys, values) = (part.Queries(q), part.Keys(k), part.Keys(v));
            var scores = queries.bmm(keys.transpose(1, 2));   // [k, G·T, E] · [k, E, T] -> [k, G·T, T]
            CausalSoftmax.Forward(scores);
            part.PutQueries(mixed, scores.bmm(values));       // [k, G·T, T] · [k, T, E] -> [k, G·T, E]
        }

        ctx.save_for_backward([q.MoveToOuterDisposeScope(), k.MoveToOuterDisposeScope(), v.MoveToOuterDisposeScope(), cos, sin]);
        ctx.save_data(nameof(lengths), lengths);
        return HeadLayout.ToTokens(mixed, HeadLayout.Turn.None, cos, sin).MoveToOuterDisposeScope();   // [H, N, E] -> [N, H·E]
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        var saved = ctx.get_saved_variables();
        var (q, k, v, cos, sin) = (saved[0], saved[1], saved[2], saved[3], saved[4]);
        var lengths = (IReadOnlyList<int>)ctx.get_data("lengths");
        var (heads, groups, size) = ((int)q.shape[0], (int)k.shape[0], q.shape[2]);
        var outer = HeadLayout.ToHeads(grad_output.contiguous(), heads, HeadLayout.Turn.None, cos, sin);   // [N, H·E] -> [H, N, E]
        var (dq, dk, dv) = (empty_like(q), empty_like(k), empty_like(v));
        foreach (var part in Parts(groups, heads / groups, lengths))
        {
            using var inner = NewDisposeScope();
            var (queries, keys, values, above) = (part.Queries(q), part.Keys(k), part.Keys(v), part.Queries(outer));
            var scores = queries.bmm(keys.transpose(1, 2));         // [k, G·T, T]
            var gradient = above.bmm(values.transpose(1, 2));       // [k, G·T, T]
            CausalSoftmax.Backward(scores, gradient);
            part.PutQueries(dq, gradient.bmm(keys));                // [k, G·T, T] · [k, T, E] -> [k, G·T, E]
            part.PutKeys(dk, gradient.transpose(1, 2).bmm(queries));   // [k, T, G·T] · [k, G·T, E] -> [k, T, E]
            part.PutKeys(dv, scores.transpose(1, 2).bmm(above));       // [k, T, G·T] · [k, G·T, E] -> [k, T, E]
        }

        // q carries 1/√E, so that ∂K has it already; ∂Q gets it here.
        return
        [
            HeadLayout.ToTokens(dq, HeadLayout.Turn.Backward, cos, sin, (float)(1 / Math.Sqrt(size))).MoveToOuterDisposeScope(),
            HeadLayout.ToTokens(dk, HeadLayout.Turn.Backward, cos, sin).MoveToOuterDisposeScope(),
            HeadLayout.ToTokens(dv, HeadLayout.Turn.None, cos, sin).MoveToOuterDisposeScope(),
            null!, null!, null!, null!,
        ];
    }

    /// <summary>Cuts the work: by text, and by key heads where a text is long.</summary>
    private static IEnumerable<Part> Parts(int groups, int queriesPerKey, IReadOnlyList<int> lengths)
    {
        var start = 0;
        foreach (var length in lengths)
        {
            var perHead = (long)queriesPerKey * length * length;
            var step = (int)Math.Clamp(MostScores / Math.Max(perHead, 1), 1, groups);
            for (var head = 0; head < groups; head += step)
            {
                yield return new Part(head, Math.Min(step, groups - head), queriesPerKey, start, length);
            }

            start += length;
        }
    }

    /// <summary>Some key heads of one text, with the queries that they serve.</summary>
    private sealed record Part(int Head, int Heads, int QueriesPerKey, int Start, int Length)
    {
        public Tensor Queries(Tensor all) =>   // [H, N, E] -> [k, G·T, E]
            all.narrow(0, Head * QueriesPerKey, Heads * QueriesPerKey).narrow(1, Start, Length).reshape(Heads, QueriesPerKey * Length, -1);

        public Tensor Keys(Tensor all) => all.narrow(0, Head, Heads).narrow(1, Start, Length);   // [K, N, E] -> [k, T, E]

        public void PutQueries(Tensor all, Tensor part) =>
            all.narrow(0, Head * QueriesPerKey, Heads * QueriesPerKey).narrow(1, Start, Length).copy_(part.view(Heads * QueriesPerKey, Length, -1));

        public void PutKeys(Tensor all, Tensor part) => Keys(all).copy_(part);
    }
}
