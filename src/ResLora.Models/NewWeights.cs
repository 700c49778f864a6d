namespace ResLora.Models;

/// <summary>How weights that no checkpoint has are drawn.</summary>
/// <param name="Deviation">Standard deviation of the normal distribution.</param>
/// <param name="Seed">The seed; one seed gives the same weights on one version of libtorch.</param>
public sealed record NewWeights(double Deviation, long Seed);
