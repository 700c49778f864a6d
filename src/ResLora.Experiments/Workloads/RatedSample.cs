using ResLora.Images;

namespace ResLora.Experiments.Workloads;

/// <summary>A sample with its label or score, and what a network said of it.</summary>
/// <param name="Index">Its number.</param>
/// <param name="Target">The right label's number, or the right score.</param>
/// <param name="Outputs">The network's scores of the labels before softmax; the one value for a score.</param>
internal sealed record RatedSample(long Index, double Target, IReadOnlyList<float> Outputs)
{
    /// <summary>What the data set calls a picture; null for a text.</summary>
    public string? File { get; init; }

    /// <summary>Unpacks a picture; null for a text.</summary>
    public Func<PixelImage>? Picture { get; init; }
}
