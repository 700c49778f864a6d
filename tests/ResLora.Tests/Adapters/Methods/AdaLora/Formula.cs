using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.AdaLora;

/// <summary>Numbers that another program can make as well.</summary>
internal static class Formula
{
    /// <summary>The fraction of sin(12.9898 i + 78.233 k) · 43758.5453, less one half, scaled.</summary>
    public static Tensor Numbers(long[] shape, int k, double scale)
    {
        var values = Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(
            i => Math.Sin((i * 12.9898) + (k * 78.233)) * 43758.5453);
        return tensor(values.Select(x => (x - Math.Floor(x) - 0.5) * scale).ToArray(), dtype: float32).reshape(shape);
    }
}
