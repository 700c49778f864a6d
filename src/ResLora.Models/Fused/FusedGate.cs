using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ResLora.Tensors.NativeRuntime;
using static TorchSharp.torch;

namespace ResLora.Models.Fused;

/// <summary>
/// The gate of a gated MLP in one pass: h = silu(g) ⊙ u with silu(g) = g σ(g). Its gradients are
/// <code>
/// ∂u = ∂h ⊙ g σ(g)
/// ∂g = ∂h ⊙ u ⊙ σ(g) (1 + g (1 − σ(g)))
/// </code>
/// Kept for them: g and u.
/// </summary>
internal sealed unsafe class FusedGate : autograd.SingleTensorFunction<FusedGate>
{
    public override string Name => nameof(FusedGate);

    /// <param name="gate">g, [..., F], borrowed.</param>
    /// <param name="up">u, [..., F], borrowed.</param>
    /// <returns>New tensor h, [..., F], owned by the caller.</returns>
    public static Tensor Apply(Tensor gate, Tensor up) => apply([gate, up]);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using var scope = NewDisposeScope();
        var (gate, up) = (((Tensor)vars[0]).contiguous(), ((Tensor)vars[1]).contiguous());
        var width = (int)gate.shape[^1];
        var output = empty_like(gate);
        Rows.ForEach((int)(gate.numel() / width), (from, to) =>
            Forward(Lanes.Halves(gate), Lanes.Halves(up), Lanes.Halves(output), (long)from * width, (long)to * width));

        // Moved out of the scope: they are saved when this method has returned.
        ctx.save_for_backward([gate.MoveToOuterDisposeScope(), up.MoveToOuterDisposeScope()]);
        return output.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        GradientHandles.Release();
        var saved = ctx.get_saved_variables();
        var (gate, up, outer) = (saved[0], saved[1], grad_output.contiguous());
        var width = (int)gate.shape[^1];
        var (gateGradient, upGradient) = (empty_like(gate), empty_like(up));
        Rows.ForEach((int)(gate.numel() / width), (from, to) => Backward(
            Lanes.Halves(gate), Lanes.Halves(up), Lanes.Halves(outer), Lanes.Halves(gateGradient), Lanes.Halves(upGradient), (long)from * width, (long)to * width));

        return GradientHandles.HandOver([grad_output], gateGradient.MoveToOuterDisposeScope(), upGradient.MoveToOuterDisposeScope());
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward(ushort* gate, ushort* up, ushort* output, long from, long to)
    {
        for (var i = from; i < to; i += Lanes.Count)
        {
            var g = Lanes.Load(gate + i);
            Lanes.Store(g * Lanes.Sigmoid(g) * Lanes.Load(up + i), output + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Backward(ushort* gate, ushort* up, ushort* above, ushort* gateGradient, ushort* upGradient, long from, long to)
    {
        for (var i = from; i < to; i += Lanes.Count)
        {
            var (g, outer) = (Lanes.Load(gate + i), Lanes.Load(above + i));
            var sigmoid = Lanes.Sigmoid(g);
            var slope = sigmoid * Avx512F.FusedMultiplyAdd(g, Vector512<float>.One - sigmoid, Vector512<float>.One);
            Lanes.Store(outer * g * sigmoid, upGradient + i);
            Lanes.Store(outer * Lanes.Load(up + i) * slope, gateGradient + i);
        }
    }
}
