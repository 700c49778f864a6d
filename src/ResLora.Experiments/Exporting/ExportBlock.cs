namespace ResLora.Experiments.Exporting;

/// <summary>A block of the adapter that is exported.</summary>
/// <param name="Module">The layer's dotted name.</param>
/// <param name="Rank">Its rank in training.</param>
/// <param name="Scaling">s, the factor of its B A.</param>
/// <param name="MergedRank">Its rank once the shortcuts are merged.</param>
public sealed record ExportBlock(string Module, int Rank, double Scaling, int MergedRank);
