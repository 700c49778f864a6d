using ResLora.Models.Fused;
using ResLora.Models.Llama;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Subjects;

/// <summary>The products of one kind that causal attention makes for one text, block by block as the kernel does, by themselves.</summary>
internal sealed class AttentionCase : ProductCase
{
    private readonly (Tensor Left, Tensor Right)[] _products;

    private AttentionCase(string kind, IEnumerable<(Tensor Left, Tensor Right)> products)
    {
        Name = $"bfloat16 attention {kind}";
        using var scope = NewDisposeScope();
        _products = [.. products];
        foreach (var (left, right) in _products)
        {
            left.DetachFromDisposeScope();
            right.DetachFromDisposeScope();
        }
    }

    /// <inheritdoc />
    public override string Name { get; }

    /// <inheritdoc />
    public override double Flops => _products.Sum(p => 2.0 * p.Left.shape[0] * p.Left.shape[1] * p.Left.shape[2] * p.Right.shape[2]);

    /// <summary>The seven products of attention, alike ones together: S = Q Kᵀ twice, ∂P, O, ∂Q, ∂K and ∂V.</summary>
    /// <param name="config">The model.</param>
    /// <param name="texts">B, the texts of a step.</param>
    /// <param name="tokens">T, the tokens of each.</param>
    /// <returns>The cases, owned by the caller.</returns>
    public static IReadOnlyList<AttentionCase> Of(LlamaConfig config, int texts, int tokens)
    {
        var (heads, size, times) = (config.KeyValueHeadCount, config.HeadSize, config.LayerCount * texts);
        var queriesPerKey = config.HeadCount / heads;
        var text = new HeadLayout(size, [tokens], default).Texts[0];
        IEnumerable<(Tensor, Tensor)> Blocks(Func<long, long, (Tensor, Tensor)> product) =>
            text.Blocks.Select(block => product((long)queriesPerKey * (block.End - block.First), block.End));

        Tensor Drawn(long rows, long columns) => randn(heads, rows, columns).to(ScalarType.BFloat16);
        return
        [
            new("Q·Kᵀ", Blocks((queries, keys) => (Drawn(queries, size), Drawn(keys, size).transpose(1, 2)))) { InStep = 3 * times },
            new("P·V", Blocks((queries, keys) => (Drawn(queries, keys), Drawn(keys, size)))) { InStep = 2 * times },
            new("Pᵀ·∂O", Blocks((queries, keys) => (Drawn(queries, keys).transpose(1, 2), Drawn(queries, size))))
            {
                InStep = 2 * times,
            },
        ];
    }

    /// <inheritdoc />
    public override void Dispose()
    {
        foreach (var (left, right) in _products)
        {
            left.Dispose();
            right.Dispose();
        }
    }

    /// <inheritdoc />
    protected override void Run()
    {
        using var noGradient = no_grad();
        foreach (var (left, right) in _products)
        {
            using var result = left.bmm(right);   // [K, M, N] · [K, N, D] -> [K, M, D]
        }
    }
}
