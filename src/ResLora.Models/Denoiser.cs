using ResLora.Formats.Errors;
using ResLora.Models.Memory;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>A network that says what noise there is in latents, told of the time and of a text.</summary>
/// <param name="name">The module's name.</param>
public abstract class Denoiser(string name) : Network(name)
{
    /// <summary>C, the channels of latents.</summary>
    public abstract int LatentChannels { get; }

    /// <summary>D, the width of a text's hidden states.</summary>
    public abstract int TextWidth { get; }

    /// <summary>Y and X of the latents that it was trained on; null when it is not said.</summary>
    public abstract PixelSize? LatentSize { get; }

    /// <summary>What heights and widths of latents are best multiples of: by so much the smallest level is smaller.</summary>
    public abstract int LatentStep { get; }

    /// <summary>Sees the output of each part (<c>time_embedding</c>, <c>conv_in</c>, the blocks), borrowed, by the part's name. Default:
    /// nobody.</summary>
    public Action<string, Tensor>? Watch { get; set; }

    /// <summary>The name of a layer in the checkpoints of the library that the network was first written for. Default: none.</summary>
    /// <param name="layer">The network's own dotted name.</param>
    /// <returns>The other name, or null.</returns>
    public virtual string? OriginalName(string layer) => null;

    /// <summary>What training keeps of the network's passes.</summary>
    /// <param name="terms">How it is trained; its places are the numbers of a channel of latents.</param>
    /// <param name="textTokens">The tokens of a text.</param>
    /// <returns>The account, for each sample; null when its family has none. Default: none.</returns>
    public virtual MemoryAccount? Memory(TrainingTerms terms, int textTokens) => null;

    /// <summary>What the network says of noisy latents.</summary>
    /// <param name="latents">[B, C, Y, X] in any dtype, of any height and width; borrowed.</param>
    /// <param name="timesteps">[B], whole numbers or such with fractions; borrowed.</param>
    /// <param name="text">[B, T, D], hidden states of the text encoder in any dtype; borrowed.</param>
    /// <returns>New tensor [B, C', Y, X] in the network's dtype, owned by the caller.</returns>
    /// <exception cref="ShapeException">A tensor has another shape.</exception>
    public abstract Tensor Forward(Tensor latents, Tensor timesteps, Tensor text);
}
