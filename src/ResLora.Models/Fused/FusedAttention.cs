using ResLora.Tensors.NativeRuntime;
using static TorchSharp.torch;

namespace ResLora.Models.Fused;

/// <summary>
/// Causal attention with rotary positions over texts of any lengths that stand one behind another. Grouped heads share their keys without
/// copies: the G·C queries of a key head, G = H/K of every token in a block of C, are multiplied with its keys as one matrix. With
/// S = Q Kᵀ / √E and P = softmax(S):
/// <code>
/// O = P V        ∂V = Pᵀ ∂O      ∂P = ∂O Vᵀ      ∂S = P ⊙ (∂P − Σ P ⊙ ∂P)
/// ∂Q = ∂S K / √E      ∂K = ∂Sᵀ Q / √E
/// </code>
/// P is computed again for the gradients: at the lengths of fine-tuning that costs less time than to write and read it, and no memory.
/// </summary>
/// <remarks>
/// Grouped heads: Ainslie et al., arXiv:2305.13245. The scores are rounded to bfloat16, as in Hugging Face's plain attention.
/// </remarks>
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
        var queriesPerKey = (int)(((Tensor)vars[0]).shape[1] / ((Tensor)vars[1]).shape[1]);
        using var scope = NewDisposeScope();
        var layout = new HeadLayout(size, lengths, (cos, sin));
        var q = layout.ToHeads(((Tensor)vars[0]).contiguous(), HeadLayout.Turn.Forward, InverseRoot(size), queriesPerKey);
        var k = layout.ToHeads(((Tensor)vars[1]).contiguous(), HeadLayout.Turn.Forward);
        var v = layout.ToHeads(((Tensor)vars[2]).contiguous(), HeadLayout.Turn.None);
        var mixed = empty_like(q);
        foreach (var part in Parts(k, queriesPerKey, size, layout.Texts))
        {
            using var inner = NewDisposeScope();
            var scores = part.Queries(q).bmm(part.Keys(k).transpose(1, 2));   // [k, G·C, E] · [k, E, S] -> [k, G·C, S]
            CausalSoftmax.Forward(scores, part.Block.First);
            part.Queries(mixed).copy_(scores.bmm(part.Keys(v)));              // [k, G·C, S] · [k, S, E] -> [k, G·C, E]
        }

        // Moved out of the scope: they are saved when this method has returned.
        ctx.save_for_backward([q.MoveToOuterDisposeScope(), k.MoveToOuterDisposeScope(), v.MoveToOuterDisposeScope(), cos, sin]);
        ctx.save_data(nameof(size), size);
        ctx.save_data(nameof(lengths), lengths);
        return layout.ToTokens(mixed, HeadLayout.Turn.None, queriesPerKey: queriesPerKey).MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        GradientHandles.Release();
        var saved = ctx.get_saved_variables();
        var (q, k, v) = (saved[0], saved[1], saved[2]);
        var (size, lengths) = ((int)ctx.get_data("size"), (IReadOnlyList<int>)ctx.get_data("lengths"));
        var queriesPerKey = (int)(q.shape[1] / k.shape[1]);
        var layout = new HeadLayout(size, lengths, (saved[3], saved[4]));
        var outer = layout.ToHeads(grad_output.contiguous(), HeadLayout.Turn.None, queriesPerKey: queriesPerKey);
        // Keys get a part from every block of queries behind them: added up in float32, so that blocks cost no digits.
        var (dq, dk, dv) = (empty_like(q), empty_like(k, dtype: float32), empty_like(v, dtype: float32));
        foreach (var part in Parts(k, queriesPerKey, size, layout.Texts))
        {
            using var inner = NewDisposeScope();
            var (queries, keys, above) = (part.Queries(q), part.Keys(k), part.Queries(outer));
            var scores = queries.bmm(keys.transpose(1, 2));                    // [k, G·C, E] · [k, E, S] -> [k, G·C, S]
            var gradient = above.bmm(part.Keys(v).transpose(1, 2));            // [k, G·C, E] · [k, E, S] -> [k, G·C, S]
            CausalSoftmax.Backward(scores, gradient, part.Block.First);
            part.Queries(dq).copy_(gradient.bmm(keys));                        // [k, G·C, S] · [k, S, E] -> [k, G·C, E]
            part.Add(gradient.transpose(1, 2).bmm(queries), dk);               // [k, S, G·C] · [k, G·C, E] -> [k, S, E]
            part.Add(scores.transpose(1, 2).bmm(above), dv);                   // [k, S, G·C] · [k, G·C, E] -> [k, S, E]
        }

        // q carries 1/√E, so that ∂K has it already; ∂Q gets it here.
        return GradientHandles.HandOver(
            [grad_output],
            layout.ToTokens(dq, HeadLayout.Turn.Backward, InverseRoot(size), queriesPerKey).MoveToOuterDisposeScope(),
            layout.ToTokens(dk.to(bfloat16), HeadLayout.Turn.Backward).MoveToOuterDisposeScope(),
            layout.ToTokens(dv.to(bfloat16), HeadLayout.Turn.None).MoveToOuterDisposeScope(),
            null, null, null, null);
    }

    private static float InverseRoot(int size) => (float)(1 / Math.Sqrt(size));

    /// <summary>
    /// Cuts the work: by text, by key heads where a text is long, and by blocks of queries, the last one first. A block needs the keys up
    /// to its end alone, since the others stand behind its queries: with four blocks that is five eighths of all scores.
    /// </summary>
    private static IEnumerable<Part> Parts(Tensor keys, int queriesPerKey, int size, IReadOnlyList<HeadLayout.Text> texts)
    {
        var groups = (int)keys.shape[1] / size;
        foreach (var text in texts)
        {
            (int First, int End)[] blocks = [.. text.Blocks.Reverse()];
            var step = (int)Math.Clamp(MostScores / ((long)queriesPerKey * blocks[^1].End * text.Rows), 1, groups);
            for (var head = 0; head < groups; head += step)
            {
                var first = ((long)text.RowStart * groups) + ((long)head * text.Rows);
                foreach (var block in blocks)
                {
                    yield return new Part(first, Math.Min(step, groups - head), text.Rows, block, queriesPerKey, size);
                }
            }
        }
    }

    /// <summary>A block of the queries of some key heads of one text, with the keys that they see.</summary>
    /// <param name="First">How many key vectors stand before those of the heads.</param>
    /// <param name="Heads">k, how many key heads.</param>
    /// <param name="Rows">R, the rows of the text.</param>
    /// <param name="Block">The block's first row, and S, the row behind its last one: so many keys the last query sees.</param>
    /// <param name="QueriesPerKey">G.</param>
    /// <param name="Size">E.</param>
    private sealed record Part(long First, int Heads, int Rows, (int First, int End) Block, int QueriesPerKey, int Size)
    {
        public Tensor Queries(Tensor all) =>                                   // [ΣR, H·E] -> [k, G·C, E]
            Slice(all, QueriesPerKey).narrow(1, (long)QueriesPerKey * Block.First, (long)QueriesPerKey * (Block.End - Block.First));

        public Tensor Keys(Tensor all) => Slice(all, 1).narrow(1, 0, Block.End);   // [ΣR, K·E] -> [k, S, E]

        /// <summary>Adds a block's share to the gradient of keys or values. The last block comes first, and reaches all of them.</summary>
        public void Add(Tensor share, Tensor all)
        {
            var sum = Keys(all);
            _ = Block.End == Rows ? sum.copy_(share) : sum.add_(share);
        }

        private Tensor Slice(Tensor all, long each) =>
            all.view(-1).narrow(0, First * each * Size, Heads * each * Rows * Size).view(Heads, each * Rows, Size);
    }
}
