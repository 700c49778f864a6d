using MathNet.Numerics.RootFinding;

namespace ResLora.Statistics;

/// <summary>Zeros of functions that rise or fall throughout.</summary>
internal static class RootFinding
{
    private const double Accuracy = 1e-14;
    private const int MostSteps = 100;

    /// <summary>Where a function is 0.</summary>
    /// <param name="low">Its sign here is one,</param>
    /// <param name="high">and here the other; where rounding makes them one, the bound nearer to 0 is the answer.</param>
    /// <param name="function">The function.</param>
    public static double Between(double low, double high, Func<double, double> function)
    {
        double atLow = function(low), atHigh = function(high);
        if (Math.Sign(atLow) * Math.Sign(atHigh) >= 0)
        {
            return Math.Abs(atLow) < Math.Abs(atHigh) ? low : high;
        }

        // MathNet's search gives up where rounding lets it go no further, which halving does not.
        return Brent.TryFindRoot(function, low, high, Accuracy * Math.Max(Math.Abs(low), Math.Abs(high)), MostSteps, out var root)
            ? root
            : Halved(low, high, Math.Sign(atLow), function);
    }

    private static double Halved(double low, double high, int signOfLow, Func<double, double> function)
    {
        for (var middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2)
        {
            (low, high) = Math.Sign(function(middle)) == signOfLow ? (middle, high) : (low, middle);
        }

        return low;
    }
}
