namespace ResLora.Experiments.Comparing.Reports;

/// <summary>What the arms are judged by.</summary>
/// <param name="Name">Such as accuracy, exact match or loss.</param>
/// <param name="Unit">What it is measured in; <see cref="Share"/> for numbers from 0 to 1, coefficient for those from -1 to 1.</param>
/// <param name="IsLowerBetter">Whether a lower score is better.</param>
public sealed record ScoreMeaning(string Name, string Unit, bool IsLowerBetter)
{
    /// <summary>The unit of numbers from 0 to 1.</summary>
    public const string Share = "share";

    /// <summary>What such a score lies between.</summary>
    internal (double Least, double Most) Range => Unit switch
    {
        Share => (0, 1),
        _ when IsLowerBetter => (0, double.PositiveInfinity),
        _ => (-1, 1),
    };
}
