using static TorchSharp.torch;

namespace ResLora.Models.Diffusion.Sampling;

/// <summary>How strongly a prompt is followed.</summary>
public static class Guidance
{
    /// <summary>u + g (c − u).</summary>
    /// <param name="without">u, what the network says without the prompt, or with the negative one; borrowed.</param>
    /// <param name="with">c, what it says with the prompt; borrowed.</param>
    /// <param name="scale">g.</param>
    /// <returns>New tensor of the same shape, owned by the caller.</returns>
    /// <remarks>Ho and Salimans, arXiv:2207.12598, equation 6 with g = 1 + w.</remarks>
    public static Tensor Apply(Tensor without, Tensor with, double scale)
    {
        ArgumentNullException.ThrowIfNull(without);
        ArgumentNullException.ThrowIfNull(with);
        using var scope = NewDisposeScope();
        return (without + (scale * (with - without))).MoveToOuterDisposeScope();
    }
}
