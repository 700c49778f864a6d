using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ResLora.Formats;

namespace ResLora.Text.Data;

/// <summary>A sample as token ids, with the label of each position.</summary>
/// <param name="Ids">The tokens: begin, prompt, completion, end; for an encoder one or two texts with its special tokens.</param>
/// <param name="Labels">
/// As long as <paramref name="Ids"/>: the token's own id where it is to be learnt, <see cref="Masked"/> where not. The shift by one
/// position (position t predicts label t + 1) is the loss's part. The first label is always masked: nothing predicts it. For masked
/// tokens: the token's own id where it may be hidden. Empty where the text as a whole has a <see cref="Target"/>.
/// </param>
public sealed record TokenizedSample(int[] Ids, int[] Labels) : ILabelledExample
{
    /// <summary>The label of a position that is not trained.</summary>
    public const int Masked = -100;

    /// <summary>The type of each token, as long as <see cref="Ids"/>: which text of a pair it belongs to. Null when all are 0.</summary>
    public int[]? TypeIds { get; init; }

    /// <inheritdoc />
    public double? Target { get; init; }

    /// <summary>How many tokens are trained.</summary>
    public int TrainedTokens => Labels.Count(label => label != Masked);

    /// <summary>How many tokens there are.</summary>
    public int Size => Ids.Length;

    /// <inheritdoc />
    public void AppendTo(IncrementalHash hash)
    {
        ArgumentNullException.ThrowIfNull(hash);
        hash.AppendData(MemoryMarshal.AsBytes<int>([Ids.Length]));
        hash.AppendData(MemoryMarshal.AsBytes<int>(Ids));
        hash.AppendData(MemoryMarshal.AsBytes<int>(Labels));
        hash.AppendData(MemoryMarshal.AsBytes<int>(TypeIds ?? []));
        hash.AppendData(Target is { } target ? BitConverter.GetBytes(target) : []);
    }
}
