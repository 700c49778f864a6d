using System.Security.Cryptography;
using ResLora.Formats;

namespace ResLora.Training.Objectives;

/// <summary>A picture with a label. Its pixels are made when a batch needs them.</summary>
/// <param name="Size">The tokens that the network cuts it into.</param>
/// <param name="Target">The label's number; null when it has none.</param>
public abstract record PictureExample(int Size, double? Target) : ILabelledExample
{
    /// <inheritdoc />
    public abstract void AppendTo(IncrementalHash hash);

    /// <summary>Says that the pixels will be asked for soon.</summary>
    public virtual void Expect()
    {
    }

    /// <summary>The pixels.</summary>
    /// <param name="seed">From which the picture is changed at random, where that is wanted in training; null leaves it as it is.</param>
    /// <returns>[C, Y, X], normed as the network wants them.</returns>
    /// <exception cref="Formats.Errors.FileFormatException">The picture is broken.</exception>
    public abstract float[] Pixels(ulong? seed);
}
