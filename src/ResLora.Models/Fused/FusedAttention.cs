using ResLora.Tensors.NativeRuntime;
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
        using var scope = NewDisposeScope();
        var layout = new HeadLayout(size, lengths, (cos, sin));
        var q = layout.ToHeads(((Tensor)vars[0]).contiguous(), HeadLayout.Turn.Forward, InverseRoot(size));
        var k = layout.ToHeads(((Tensor)vars[1]).contiguous(), HeadLayout.Turn.Forward);
        var v = layout.ToHeads(((Tensor)vars[2]).contiguous(), HeadLayout.Turn.None);
        var mixed = empty_like(q);
        foreach (var part in Parts(q, k, size, layout.Texts))
        {
            using var inner = NewDisposeScope();
            var scores = part.Queries(q).bmm(part.Keys(k).transpose(1, 2));   // [k, G·T, E] · [k, E, T] -> [k, G·T, T]
            CausalSoftmax.Forward(scores);
            part.Queries(mixed).copy_(scores.bmm(part.Keys(v)));              // [k, G·T, T] · [k, T, E] -> [k, G·T, E]
        }

        // Moved out of the scope: they are saved when this method has returned.
        ctx.save_for_backward([q.MoveToOuterDisposeScope(), k.MoveToOuterDisposeScope(), v.MoveToOuterDisposeScope(), cos, sin]);
        ctx.save_data(nameof(size), size);
        ctx.save_data(nameof(lengths), lengths);
        return layout.ToTokens(mixed, HeadLayout.Turn.None).MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        GradientHandles.Release();
        var saved = ctx.get_saved_variables();
        var (q, k, v) = (saved[0], saved[1], saved[2]);
        var (size, lengths) = ((int)ctx.get_data("size"), (IReadOnlyList<int>)ctx.get_data("lengths"));
        var layout = new HeadLayout(size, lengths, (saved[3], saved[4]));
        var outer = layout.ToHeads(grad_output.contiguous(), HeadLayout.Turn.None);
        var (dq, dk, dv) = (empty_like(q), empty_like(k), empty_like(v));
        foreach (var part in Parts(q, k, size, layout.Texts))
        {
            using var inner = NewDisposeScope();
            var (queries, keys, above) = (part.Queries(q), part.Keys(k), part.Queries(outer));
            var scores = queries.bmm(keys.transpose(1, 2));                    // [k, G·T, E] · [k, E, T] -> [k, G·T, T]
            var gradient = above.bmm(part.Keys(v).transpose(1, 2));            // [k, G·T, E] · [k, E, T] -> [k, G·T, T]
            CausalSoftmax.Backward(scores, gradient);
            part.Queries(dq).copy_(gradient.bmm(keys));                        // [k, G·T, T] · [k, T, E] -> [k, G·T, E]
            part.Keys(dk).copy_(gradient.transpose(1, 2).bmm(queries));        // [k, T, G·T] · [k, G·T, E] -> [k, T, E]
            part.Keys(dv).copy_(scores.transpose(1, 2).bmm(above));            // [k, T, G·T] · [k, G·T, E] -> [k, T, E]
        }

        // q carries 1/√E, so that ∂K has it already; ∂Q gets it here.
        return GradientHandles.HandOver(
            [grad_output],
            layout.ToTokens(dq, HeadLayout.Turn.Backward, InverseRoot(size)).MoveToOuterDisposeScope(),
            layout.ToTokens(dk, HeadLayout.Turn.Backward).MoveToOuterDisposeScope(),
            layout.ToTokens(dv, HeadLayout.Turn.None).MoveToOuterDisposeScope(),
            null, null, null, null);
    }

    private static float InverseRoot(int size) => (float)(1 / Math.Sqrt(size));

    /// <summary>Cuts the work: by text, and by key heads where a text is long.</summary>
    private static IEnumerable<Part> Parts(Tensor queries, Tensor keys, int size, IReadOnlyList<HeadLayout.Text> texts)
    {
        var groups = (int)keys.shape[1] / size;
        var queriesPerKey = (int)(queries.shape[1] / keys.shape[1]);
        foreach (var text in texts)
        {
            var step = (int)Math.Clamp(MostScores / ((long)queriesPerKey * text.Rows * text.Rows), 1, groups);
            for (var head = 0; head < groups; head += step)
            {
                var first = ((long)text.RowStart * groups) + ((long)head * text.Rows);
                yield return new Part(first, Math.Min(step, groups - head), text.Rows, queriesPerKey, size);
            }
        }
    }

    /// <summary>Some key heads of one text, with the queries that they serve.</summary>
    /// <param name="First">How many key vectors stand before theirs.</param>
    /// <param name="Heads">k, how many key heads.</param>
    /// <param name="Rows">T here: the tokens of the text, filled up.</param>
    /// <param name="QueriesPerKey">G.</param>
    /// <param name="Size">E.</param>
    private sealed record Part(long First, int Heads, int Rows, int QueriesPerKey, int Size)
    {
        public Tensor Queries(Tensor all) => Slice(all, QueriesPerKey);   // [ΣR, H·E] -> [k, G·T, E]

        public Tensor Keys(Tensor all) => Slice(all, 1);                  // [ΣR, K·E] -> [k, T, E]

        private Tensor Slice(Tensor all, long each) =>
            all.view(-1).narrow(0, First * each * Size, Heads * each * Rows * Size).view(Heads, each * Rows, Size);
    }
}
