namespace ResLora.Experiments.Sweeping;

/// <summary>
/// Successive halving: all points are trained to an early step, the better part goes on to a later one, and so on; what is left is trained
/// to the end.
/// </summary>
public sealed record HalvingSettings
{
    private const int MostRungs = 10;

    /// <summary>The share of points that goes on from a rung, above 0 and below 1; two points go on at least. Default 0.5.</summary>
    public double Keep { get; init; } = 0.5;

    /// <summary>
    /// How many times points are left behind. The last rung is at the share <see cref="Keep"/> of a run's steps, each one before it at that
    /// share of the next: with the defaults at a quarter and at half of a run. Default 2.
    /// </summary>
    public int Rungs { get; init; } = 2;

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (!(Keep is > 0 and < 1))
        {
            yield return $"keep is {Keep}; it must be above 0 and below 1";
        }

        if (Rungs is < 1 or > MostRungs)
        {
            yield return $"rungs is {Rungs}; it must be from 1 to {MostRungs}";
        }
    }
}
