using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ResLora.Tensors.NativeRuntime;
using static TorchSharp.torch;

namespace ResLora.Models.Fused;

/// <summary>
/// Cross-entropy over a frozen output head, a few rows of logits at a time: with z = W h the loss is Σ log Σ_j e^{z_j} − z_y, and
/// <code>∂z = softmax(z) − onehot(y)        ∂h = Wᵀ ∂z</code>
/// ∂h is computed with the loss, while the logits are at hand, so that nothing of the size of the vocabulary outlives its chunk.
/// </summary>
internal sealed unsafe class FusedTokenLoss : autograd.SingleTensorFunction<FusedTokenLoss>
{
    public override string Name => nameof(FusedTokenLoss);

    /// <param name="hidden">h, [N, D] bfloat16, borrowed.</param>
    /// <param name="weight">W, [V, D], borrowed.</param>
    /// <param name="targets">y, [N] int64, borrowed.</param>
    /// <returns>New scalar, float32, owned by the caller.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A target is no token of the vocabulary.</exception>
    public static Tensor Apply(Tensor hidden, Tensor weight, Tensor targets) =>
        apply([hidden, weight, targets, is_grad_enabled() && hidden.requires_grad]);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (weight, targets, withGradient) = ((Tensor)vars[1], (Tensor)vars[2], (bool)vars[3]);
        using var scope = NewDisposeScope();
        var count = ((Tensor)vars[0]).shape[0];
        var hidden = FillUp((Tensor)vars[0]);
        var rows = Math.Clamp(FusedKernels.MostLogits / weight.shape[0] / 16 * 16, 16, 1024);
        var gradient = withGradient ? empty_like(hidden) : null;   // [N', D]
        var wanted = Known(targets, weight.shape[0]);
        var sum = 0.0;
        for (var start = 0L; start < count; start += rows)
        {
            using var inner = NewDisposeScope();
            var size = Math.Min(rows, hidden.shape[0] - start);
            var logits = nn.functional.linear(hidden.narrow(0, start, size), weight);   // [n, D] -> [n, V]
            sum += Replace(logits, wanted.AsMemory((int)start, (int)Math.Min(size, count - start)), withGradient);
            gradient?.narrow(0, start, size).copy_(logits.matmul(weight));              // [n, V] · [V, D] -> [n, D]
        }

        if (gradient is not null)
        {
            ctx.save_for_backward([gradient.narrow(0, 0, count).MoveToOuterDisposeScope()]);
        }

        return tensor((float)sum).MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        GradientHandles.Release();
        var gradient = (ctx.get_saved_variables()[0] * grad_output).MoveToOuterDisposeScope();
        return GradientHandles.HandOver([grad_output], gradient, null, null, null);
    }

    /// <summary>[N, D] with rows of zeros behind it up to a usual size N', so that any number of predictions takes few products.</summary>
    private static Tensor FillUp(Tensor hidden)
    {
        var missing = ProductSize.RoundUp((int)hidden.shape[0]) - hidden.shape[0];
        return missing == 0 ? hidden.contiguous() : nn.functional.pad(hidden, (0, 0, 0, missing));
    }

    /// <summary>The targets, all of them tokens of the vocabulary: any other would be an address outside of the logits.</summary>
    private static long[] Known(Tensor targets, long vocabulary)
    {
        var tokens = targets.data<long>().ToArray();
        foreach (var token in tokens)
        {
            if (token < 0 || token >= vocabulary)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(targets), token, $"A target is token {token}, and the head knows tokens 0 to {vocabulary - 1}.");
            }
        }

        return tokens;
    }

    /// <summary>The loss of some rows; their logits are replaced by ∂z where it is wanted.</summary>
    private static double Replace(Tensor logits, ReadOnlyMemory<long> targets, bool withGradient)
    {
        var width = (int)logits.shape[1];
        var losses = new double[targets.Length];
        Rows.ForEach(losses.Length, (from, to) =>
        {
            for (var row = from; row < to; row++)
            {
                losses[row] = Row(Lanes.Halves(logits) + ((long)row * width), width, (int)targets.Span[row], withGradient);
            }
        });
        return losses.Sum();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Row(ushort* logits, int width, int target, bool withGradient)
    {
        var whole = width / Lanes.Count * Lanes.Count;
        var most = Vector512.Create(float.NegativeInfinity);
        for (var i = 0; i < whole; i += Lanes.Count)
        {
            most = Vector512.Max(most, Lanes.Load(logits + i));
        }

        var largest = Lanes.Max(most);
        for (var i = whole; i < width; i++)
        {
            largest = MathF.Max(largest, Lanes.Widen(logits[i]));
        }

        var (shift, sums) = (Vector512.Create(largest), Vector512<float>.Zero);
        for (var i = 0; i < whole; i += Lanes.Count)
        {
            sums += Lanes.Exp(Lanes.Load(logits + i) - shift);
        }

        var sum = Vector512.Sum(sums);
        for (var i = whole; i < width; i++)
        {
            sum += MathF.Exp(Lanes.Widen(logits[i]) - largest);
        }

        var loss = Math.Log(sum) + largest - Lanes.Widen(logits[target]);
        if (withGradient)
        {
            var ownProbability = MathF.Exp(Lanes.Widen(logits[target]) - largest) / sum;
            var scale = Vector512.Create(1 / sum);
            for (var i = 0; i < whole; i += Lanes.Count)
            {
                Lanes.Store(Lanes.Exp(Lanes.Load(logits + i) - shift) * scale, logits + i);
            }

            for (var i = whole; i < width; i++)
            {
                logits[i] = Lanes.Narrow(MathF.Exp(Lanes.Widen(logits[i]) - largest) / sum);
            }

            logits[target] = Lanes.Narrow(ownProbability - 1);
        }

        return loss;
    }
}
