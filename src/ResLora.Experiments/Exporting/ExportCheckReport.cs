namespace ResLora.Experiments.Exporting;

/// <summary>What checking an export again found.</summary>
/// <param name="Folder">The export.</param>
/// <param name="Target">What it was made for.</param>
/// <param name="Files">How many files the report lists.</param>
/// <param name="Compared">Whether it could be read back and held against its sources.</param>
/// <param name="NotCompared">Why not; null when it was.</param>
/// <param name="Proofs">What was compared.</param>
/// <param name="Differences">What is not as it was, a phrase each; empty when all is well.</param>
public sealed record ExportCheckReport(
    string Folder,
    string Target,
    int Files,
    bool Compared,
    string? NotCompared,
    IReadOnlyList<ExportProof> Proofs,
    IReadOnlyList<string> Differences)
{
    /// <summary>Whether the export is what it was.</summary>
    public bool Passed => Differences.Count == 0;
}
