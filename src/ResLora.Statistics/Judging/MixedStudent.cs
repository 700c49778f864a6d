namespace ResLora.Statistics.Judging;

/// <summary>
/// The distribution of an estimate over its standard error, where seeds and items each have a part in the error. The error of each is
/// widened by its own Student's t, with S − 1 and N − 1 degrees of freedom, and the two are added as errors are:
/// c² = w · t²(S − 1) + (1 − w) · t²(N − 1), with w the seeds' part of the variance. Cochran and Cox (1957) add without the squares, and
/// Satterthwaite (1946) takes one t with degrees of freedom between; both raise too many false alarms with few seeds
/// (docs/statistics.md).
/// </summary>
/// <param name="SeedPart">The part of the variance that lies between seeds, 0 to 1.</param>
/// <param name="SeedFreedom">S − 1; counts only where there is a part.</param>
/// <param name="ItemFreedom">N − 1; counts only where there is another part.</param>
internal sealed record MixedStudent(double SeedPart, double SeedFreedom, double ItemFreedom)
{
    /// <summary>Degrees of freedom of the variance (Satterthwaite 1946).</summary>
    public double Freedom => SeedPart switch
    {
        0 => ItemFreedom,
        1 => SeedFreedom,
        _ => 1 / ((SeedPart * SeedPart / SeedFreedom) + ((1 - SeedPart) * (1 - SeedPart) / ItemFreedom)),
    };

    /// <summary>
    /// The degrees of freedom that a promise of power rests on: the seeds' where they have a part, since a few of them make the critical
    /// value vary more than <see cref="Freedom"/> says.
    /// </summary>
    public double LeastFreedom => SeedPart == 0 ? ItemFreedom : SeedFreedom;

    /// <summary>What is exceeded with a given chance.</summary>
    /// <param name="tail">The chance, above 0 and below 0.5.</param>
    public double Critical(double tail) => SeedPart switch
    {
        0 => Student.Quantile(tail, ItemFreedom),
        1 => Student.Quantile(tail, SeedFreedom),
        _ => Added(Student.Quantile(tail, SeedFreedom), Student.Quantile(tail, ItemFreedom)),
    };

    /// <summary>The chance to exceed a number.</summary>
    /// <param name="t">An estimate over its standard error.</param>
    public double Above(double t)
    {
        if (SeedPart is 0 or 1)
        {
            return Student.Above(t, Freedom);
        }

        if (t < 0)
        {
            return 1 - Above(-t);
        }

        // The critical value of the seeds alone at the chance that is looked for.
        var ofSeeds = RootFinding.Between(
            0, t / Math.Sqrt(SeedPart), seeds => Added(seeds, Student.Quantile(Student.Above(seeds, SeedFreedom), ItemFreedom)) - t);
        return Student.Above(ofSeeds, SeedFreedom);
    }

    private double Added(double ofSeeds, double ofItems) =>
        Math.Sqrt((SeedPart * ofSeeds * ofSeeds) + ((1 - SeedPart) * ofItems * ofItems));
}
