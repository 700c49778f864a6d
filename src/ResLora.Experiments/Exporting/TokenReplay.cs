namespace ResLora.Experiments.Exporting;

/// <summary>A prompt as the export encodes it, and as it has to be.</summary>
/// <param name="Expected">The ids that training, or the source, gives.</param>
/// <param name="Found">The ids that the export gives.</param>
public sealed record TokenReplay(IReadOnlyList<int> Expected, IReadOnlyList<int> Found)
{
    /// <summary>Whether they are the same.</summary>
    public bool IsEqual => Expected.SequenceEqual(Found);
}
