using ResLora.Benchmarks.Measuring;
using ResLora.Models.Fused;
using ResLora.Models.Llama;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Subjects;

/// <summary>The products of one kind that causal attention makes for one text, block by block as the kernel does, by themselves.</summary>
internal sealed class AttentionCase : IDisposable
{
    private readonly (Tensor Left, Tensor Right)[] _products;

    private AttentionCase(string kind, int inStep, IEnumerable<(Tensor Left, Tensor Right)> products)
    {
        (Name, InStep) = ($"bfloat16 attention {kind}", inStep);
        using var scope = NewDisposeScope();
        _products = [.. products];
        foreach (var (left, right) in _products)
        {
            left.DetachFromDisposeScope();
            right.DetachFromDisposeScope();
        }
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>How often a training step does the same.</summary>
    public int InStep { get; }

    /// <summary>Multiplications and additions of one run.</summary>
    public double Flops => _products.Sum(p => 2.0 * p.Left.shape[0] * p.Left.shape[1] * p.Left.shape[2] * p.Right.shape[2]);

    /// <summary>What is timed.</summary>
    public Contender Contender => new(Name, Run) { Repeats = 8 };

    /// <summary>The seven products of attention, alike ones together: S = Q Kᵀ twice, ∂P, O, ∂Q, ∂K and ∂V.</summary>
    /// <param name="config">The model.</param>
    /// <param name="texts">B, the texts of a step.</param>
    /// <param name="tokens">T, the tokens of each.</param>
    /// <returns>The cases, owned by the caller.</returns>
    public static IReadOnlyList<AttentionCase> Of(LlamaConfig config, int texts, int tokens)
    {
        var (heads, size, times) = (config.KeyValueHeadCount, config.HeadSize, config.LayerCount * texts);
        var shared = config.HeadCount / heads;
        var text = new HeadLayout(size, [tokens], default).Texts[0];
        IEnumerable<(Tensor, Tensor)> Blocks(Func<long, long, (Tensor, Tensor)> product)
        {
            for (var first = 0; first < text.Rows; first += text.Block)
            {
                var seen = Math.Min(first + text.Block, text.Rows);
                yield return product((long)shared * (seen - first), seen);
            }
        }

        Tensor Drawn(long rows, long columns) => randn(heads, rows, columns).to(ScalarType.BFloat16);
        return
        [
            new("Q·Kᵀ", 3 * times, Blocks((queries, keys) => (Drawn(queries, size), Drawn(keys, size).transpose(1, 2)))),
            new("P·V", 2 * times, Blocks((queries, keys) => (Drawn(queries, keys), Drawn(keys, size)))),
            new("Pᵀ·∂O", 2 * times, Blocks((queries, keys) => (Drawn(queries, keys).transpose(1, 2), Drawn(queries, size)))),
        ];
    }

    /// <summary>GFLOP/s of its times.</summary>
    public Spread Rate(Spread milliseconds) => milliseconds.Gflops(Flops);

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        foreach (var (left, right) in _products)
        {
            left.Dispose();
            right.Dispose();
        }
    }

    private void Run()
    {
        using var noGradient = no_grad();
        foreach (var (left, right) in _products)
        {
            using var result = left.bmm(right);   // [K, M, N] · [K, N, D] -> [K, M, D]
        }
    }
}
