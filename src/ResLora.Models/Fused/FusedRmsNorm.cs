using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using ResLora.Tensors.NativeRuntime;
using static TorchSharp.torch;

namespace ResLora.Models.Fused;

/// <summary>
/// Root-mean-square normalisation in one pass: y = w ⊙ x · ρ with ρ = 1 / √(mean(x²) + ε). With g = w ⊙ ∂y the gradient is
/// <code>∂x = ρ · (g − x · ρ² · mean(g ⊙ x))</code>
/// The weight is frozen and gets none. Kept for it: x and one ρ a row.
/// </summary>
internal sealed unsafe class FusedRmsNorm : autograd.SingleTensorFunction<FusedRmsNorm>
{
    public override string Name => nameof(FusedRmsNorm);

    /// <param name="input">[..., D], borrowed.</param>
    /// <param name="weight">[D], borrowed.</param>
    /// <param name="epsilon">ε.</param>
    /// <returns>New tensor [..., D], owned by the caller.</returns>
    public static Tensor Apply(Tensor input, Tensor weight, double epsilon) => apply([input, weight, epsilon]);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (input, weight, epsilon) = ((Tensor)vars[0], (Tensor)vars[1], (float)(double)vars[2]);
        using var scope = NewDisposeScope();
        var x = input.contiguous();
        var width = (int)x.shape[^1];
        var rows = (int)(x.numel() / width);
        var output = empty_like(x);
        var inverse = empty(rows, dtype: float32);
        Rows.ForEach(rows, (from, to) =>
            Forward(Lanes.Halves(x), Lanes.Halves(weight), Lanes.Halves(output), Lanes.Floats(inverse), width, epsilon, from, to));

        // Moved out of the scope: they are saved when this method has returned.
        ctx.save_for_backward([x.MoveToOuterDisposeScope(), weight, inverse.MoveToOuterDisposeScope()]);
        return output.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        GradientHandles.Release();
        var saved = ctx.get_saved_variables();
        var (x, weight, inverse) = (saved[0], saved[1], saved[2]);
        var outer = grad_output.contiguous();
        var width = (int)x.shape[^1];
        var gradient = empty_like(x);
        Rows.ForEach((int)inverse.numel(), (from, to) =>
            Backward(
                Lanes.Halves(x),
                Lanes.Halves(weight),
                Lanes.Halves(outer),
                Lanes.Floats(inverse),
                Lanes.Halves(gradient),
                width,
                from,
                to));

        return GradientHandles.HandOver([grad_output], gradient.MoveToOuterDisposeScope(), null, null);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward(ushort* x, ushort* w, ushort* y, float* rho, int width, float epsilon, int from, int to)
    {
        for (var row = from; row < to; row++)
        {
            var source = x + ((long)row * width);
            var target = y + ((long)row * width);
            var squares = Vector512<float>.Zero;
            for (var i = 0; i < width; i += Lanes.Count)
            {
                var value = Lanes.Load(source + i);
                squares = Avx512F.FusedMultiplyAdd(value, value, squares);
            }

            rho[row] = 1 / MathF.Sqrt((Vector512.Sum(squares) / width) + epsilon);
            var scale = Vector512.Create(rho[row]);
            for (var i = 0; i < width; i += Lanes.Count)
            {
                Lanes.Store(Lanes.Load(source + i) * scale * Lanes.Load(w + i), target + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Backward(ushort* x, ushort* w, ushort* above, float* rho, ushort* gradient, int width, int from, int to)
    {
        for (var row = from; row < to; row++)
        {
            var offset = (long)row * width;
            var products = Vector512<float>.Zero;
            for (var i = 0; i < width; i += Lanes.Count)
            {
                var g = Lanes.Load(above + offset + i) * Lanes.Load(w + i);
                products = Avx512F.FusedMultiplyAdd(g, Lanes.Load(x + offset + i), products);
            }

            var scale = Vector512.Create(rho[row]);
            var pull = Vector512.Create(-rho[row] * rho[row] * rho[row] * Vector512.Sum(products) / width);
            for (var i = 0; i < width; i += Lanes.Count)
            {
                var g = Lanes.Load(above + offset + i) * Lanes.Load(w + i);
                Lanes.Store(Avx512F.FusedMultiplyAdd(Lanes.Load(x + offset + i), pull, g * scale), gradient + offset + i);
            }
        }
    }
}
