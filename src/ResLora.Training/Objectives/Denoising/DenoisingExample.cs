using System.Security.Cryptography;
using ResLora.Formats;
using static TorchSharp.torch;

namespace ResLora.Training.Objectives.Denoising;

/// <summary>A captioned picture, already encoded. Its tensors are made when a batch needs them.</summary>
/// <param name="Size">The numbers of a channel of its latents, Y · X.</param>
public abstract record DenoisingExample(int Size) : IExample
{
    /// <summary>What is done to it, so that it is the same in every pass; null draws anew each time, as in training.</summary>
    public FixedNoise? Fixed { get; init; }

    /// <inheritdoc />
    public abstract void AppendTo(IncrementalHash hash);

    /// <summary>The picture in the autoencoder's code, scaled as the UNet takes it.</summary>
    /// <param name="mirrored">Whether left and right are exchanged.</param>
    /// <returns>New tensors, owned by the caller: mean and standard deviation, [C, Y, X] float32 each.</returns>
    public abstract (Tensor Mean, Tensor Deviation) Latents(bool mirrored);

    /// <summary>The tokens of its caption, or of the empty one.</summary>
    /// <param name="isDropped">Whether the empty caption is wanted.</param>
    /// <returns>As many numbers as the text encoder takes; not to be changed.</returns>
    public abstract IReadOnlyList<int> Ids(bool isDropped);

    /// <summary>What the frozen text encoder makes of <see cref="Ids"/>.</summary>
    /// <param name="isDropped">As for <see cref="Ids"/>.</param>
    /// <returns>New tensor [T, D] float32, owned by the caller.</returns>
    public abstract Tensor Text(bool isDropped);
}

/// <summary>The noise that is put on an example in every pass.</summary>
/// <param name="Timestep">How much: 0 is least.</param>
/// <param name="Seed">Which.</param>
public sealed record FixedNoise(int Timestep, long Seed);
