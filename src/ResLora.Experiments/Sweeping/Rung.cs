namespace ResLora.Experiments.Sweeping;

/// <summary>Where points are left behind.</summary>
/// <param name="Share">The share of a run's steps that is done there.</param>
/// <param name="Entering">How many points come there.</param>
/// <param name="Kept">How many go on.</param>
public sealed record Rung(double Share, int Entering, int Kept)
{
    private const int LeastKept = 2;

    // 0.1 · 30 is a little more than 3.
    private const double Rounding = 1e-9;

    /// <summary>The step of a run.</summary>
    /// <param name="steps">How many it has in all.</param>
    public int StepOf(int steps) => (int)Math.Round(Share * steps);

    /// <summary>The rungs of a sweep, those where nothing would be left behind not among them.</summary>
    /// <param name="halving">The settings; null for none.</param>
    /// <param name="points">How many points there are.</param>
    internal static IReadOnlyList<Rung> Of(HalvingSettings? halving, int points)
    {
        var rungs = new List<Rung>();
        for (var i = halving?.Rungs ?? 0; i > 0; i--)
        {
            // So that the best has another to be held against.
            var kept = Math.Max(LeastKept, (int)Math.Ceiling((points * halving!.Keep) - Rounding));
            if (kept < points)
            {
                rungs.Add(new Rung(Math.Pow(halving.Keep, i), points, kept));
                points = kept;
            }
        }

        return rungs;
    }
}
