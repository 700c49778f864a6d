using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Tensors;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>A network that sees a picture whole, with a head that says something about it.</summary>
/// <param name="name">The module's name.</param>
public abstract class ImageModel(string name) : Network(name)
{
    /// <summary>What is predicted.</summary>
    public abstract override ModelHead Head { get; }

    /// <summary>Y and X, the size that every picture must have.</summary>
    public abstract PixelSize ImageSize { get; }

    /// <summary>C, the numbers of a pixel: 3 for red, green and blue.</summary>
    public abstract int Channels { get; }

    /// <summary>T, the tokens that a picture is cut into, with those that stand for the whole picture.</summary>
    public abstract int TokenCount { get; }

    /// <summary>Hidden states after the last norm.</summary>
    /// <param name="pixels">[B, C, Y, X], normed as the model wants them, in any dtype; borrowed.</param>
    /// <returns>New tensor [B, T, D], owned by the caller.</returns>
    /// <exception cref="ShapeException">The pictures have another size or other channels.</exception>
    public abstract Tensor Hidden(Tensor pixels);

    /// <summary>Scores of labels, or the value of a regression.</summary>
    /// <param name="hidden">[B, T, D] hidden states after the last norm, borrowed.</param>
    /// <returns>New tensor [B, N], float32, owned by the caller.</returns>
    public abstract Tensor Logits(Tensor hidden);

    /// <summary>All that the model predicts for a batch.</summary>
    /// <param name="pixels">As for <see cref="Hidden"/>.</param>
    /// <returns>New tensor [B, N], float32, owned by the caller.</returns>
    /// <exception cref="ShapeException">As for <see cref="Hidden"/>.</exception>
    public Tensor Predict(Tensor pixels)
    {
        using var hidden = Hidden(pixels);   // [B, C, Y, X] -> [B, T, D]
        return Logits(hidden);               // [B, T, D] -> [B, N]
    }

    /// <inheritdoc />
    public override void Describe(JsonObject config)
    {
        ArgumentNullException.ThrowIfNull(config);
        config["architectures"] = new JsonArray(Architecture);
        Head.Describe(config);
    }

    /// <inheritdoc />
    public override bool HasPeftTask => false;

    /// <summary>The name of the class in Hugging Face's library that this network is.</summary>
    protected abstract string Architecture { get; }

    /// <summary>Requires pictures of the model's size.</summary>
    /// <param name="pixels">The pictures.</param>
    private protected void RequireSize(Tensor pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        long[] wanted = [Channels, ImageSize.Height, ImageSize.Width];
        if (pixels.dim() != 4 || !pixels.shape.Skip(1).SequenceEqual(wanted))
        {
            throw new ShapeException(
                $"Pictures of shape {Shapes.Text(pixels.shape)} do not fit this model, which takes {Shapes.Text([Shapes.Any, .. wanted])}: "
                + $"it knows positions in pictures of {ImageSize} pixels only; bring them to that size.");
        }
    }
}
