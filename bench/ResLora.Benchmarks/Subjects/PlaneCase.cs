using ResLora.Benchmarks.Measuring;
using ResLora.Tensors;
using static TorchSharp.torch;

namespace ResLora.Benchmarks.Subjects;

/// <summary>One operation on planes of pixels by itself, forward and backward to its inputs: a frozen convolution, or attention.</summary>
internal sealed class PlaneCase : IDisposable
{
    private const int HeadWidth = 32;

    private readonly Tensor[] _inputs;
    private readonly Func<Tensor> _operation;

    private PlaneCase(string name, double flops, Tensor[] inputs, Func<Tensor> operation) =>
        (Name, Flops, _inputs, _operation) = (name, flops, inputs, operation);

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Multiplications and additions of one run.</summary>
    public double Flops { get; }

    /// <summary>What is timed.</summary>
    public Contender Contender => new(Name, Run) { Repeats = 10 };

    /// <summary>A convolution of 3 x 3 with a frozen weight: forward, and the same again for the gradient of its input.</summary>
    /// <param name="batch">B.</param>
    /// <param name="channels">C, in and out.</param>
    /// <param name="side">Y and X.</param>
    public static PlaneCase Convolution(int batch, int channels, int side)
    {
        var (weight, input) = (randn(channels, channels, 3, 3) * 0.02, randn(batch, channels, side, side).requires_grad_());
        return new PlaneCase(
            $"convolution {channels} x {side} x {side}", 4.0 * batch * weight.numel() * side * side, [weight, input],
            () => PictureProduct.Of(input, weight, null, [1, 1], [1, 1], [1, 1]));
    }

    /// <summary>Attention of all pixels to all: two products forward, and five backward, of which one is computed again.</summary>
    /// <param name="batch">B.</param>
    /// <param name="channels">D, of all heads.</param>
    /// <param name="side">Y and X.</param>
    public static PlaneCase Attention(int batch, int channels, int side)
    {
        var tokens = side * side;
        Tensor[] inputs = [.. Enumerable.Range(0, 3).Select(_ => randn(batch, channels / HeadWidth, tokens, HeadWidth).requires_grad_())];
        return new PlaneCase(
            $"attention {channels} x {side} x {side}", 14.0 * batch * tokens * tokens * channels, inputs,
            () => nn.functional.scaled_dot_product_attention(inputs[0], inputs[1], inputs[2]));
    }

    /// <summary>GFLOP/s of its times.</summary>
    public Spread Rate(Spread milliseconds) => milliseconds.Gflops(Flops);

    /// <summary>Frees the tensors.</summary>
    public void Dispose() => Array.ForEach(_inputs, input => input.Dispose());

    private void Run()
    {
        using var scope = NewDisposeScope();
        _operation().sum().backward();
    }
}
