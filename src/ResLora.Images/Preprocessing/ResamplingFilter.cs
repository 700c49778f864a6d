namespace ResLora.Images.Preprocessing;

/// <summary>The curves by which pixels are weighed.</summary>
internal static class ResamplingFilter
{
    private const double CubicA = -0.5;

    /// <summary>How far a filter reaches to each side, in pixels of the smaller picture.</summary>
    public static double Support(Resampling resampling) => resampling switch
    {
        Resampling.Box => 0.5,
        Resampling.Bilinear or Resampling.Hamming => 1,
        Resampling.Bicubic => 2,
        _ => 3,
    };

    /// <summary>The weight of a pixel.</summary>
    /// <param name="resampling">The filter; nearest has none.</param>
    /// <param name="x">Its distance from the centre.</param>
    /// <returns>The weight, before all are divided by their sum.</returns>
    public static double Weight(Resampling resampling, double x) => resampling switch
    {
        Resampling.Box => x is > -0.5 and <= 0.5 ? 1 : 0,
        Resampling.Bilinear => Math.Max(0, 1 - Math.Abs(x)),
        Resampling.Hamming => Hamming(Math.Abs(x)),
        Resampling.Bicubic => Bicubic(Math.Abs(x)),
        _ => x is >= -3 and < 3 ? Sinc(x) * Sinc(x / 3) : 0,
    };

    private static double Hamming(double x) => x switch
    {
        0 => 1,
        >= 1 => 0,
        _ => Math.Sin(x * Math.PI) / (x * Math.PI) * (0.54 + (0.46 * Math.Cos(x * Math.PI))),
    };

    // Keys 1981, equation 4 with a for -1/2.
    private static double Bicubic(double x) => x switch
    {
        < 1 => ((((CubicA + 2) * x) - (CubicA + 3)) * x * x) + 1,
        < 2 => ((((x - 5) * x) + 8) * x - 4) * CubicA,
        _ => 0,
    };

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(x * Math.PI) / (x * Math.PI);
}
