namespace ResLora.Benchmarks.Measuring;

/// <summary>The results of one case over all rounds, in the order of the rounds.</summary>
/// <param name="Values">One or more numbers.</param>
internal sealed record Spread(IReadOnlyList<double> Values)
{
    /// <summary>Half of the rounds gave less, half gave more.</summary>
    public double Median => Quantile(0.5);

    /// <summary>A quarter of the rounds gave less.</summary>
    public double LowerQuartile => Quantile(0.25);

    /// <summary>A quarter of the rounds gave more.</summary>
    public double UpperQuartile => Quantile(0.75);

    /// <summary>The smallest.</summary>
    public double Minimum => Values.Min();

    /// <summary>The largest.</summary>
    public double Maximum => Values.Max();

    /// <summary>One number, measured or counted once.</summary>
    public static Spread Once(double value) => new([value]);

    /// <summary>A number made of each round's.</summary>
    public Spread Map(Func<double, double> map) => new([.. Values.Select(map)]);

    /// <summary>GFLOP/s of these times.</summary>
    /// <param name="flops">Multiplications and additions of one run, whose milliseconds these are.</param>
    public Spread Gflops(double flops) => Map(time => flops / time / 1e6);

    /// <summary>This case over another one round by round: what disturbed a whole round cancels out.</summary>
    /// <param name="other">A case of the same run.</param>
    /// <exception cref="ArgumentException">It has other rounds.</exception>
    public Spread Over(Spread other) => With(other, (own, its) => own / its);

    /// <summary>This case and another one, round by round.</summary>
    /// <inheritdoc cref="Over"/>
    public Spread Plus(Spread other) => With(other, (own, its) => own + its);

    /// <summary>The quantile with straight lines between the ordered values (Hyndman and Fan's type 7, R's default).</summary>
    /// <param name="share">From 0 (minimum) to 1 (maximum).</param>
    public double Quantile(double share)
    {
        var ordered = Values.Order().ToArray();
        var place = share * (ordered.Length - 1);
        var below = (int)Math.Floor(place);
        var above = Math.Min(below + 1, ordered.Length - 1);
        return ordered[below] + ((place - below) * (ordered[above] - ordered[below]));
    }

    private Spread With(Spread other, Func<double, double, double> combine) => Values.Count == other.Values.Count
        ? new([.. Values.Zip(other.Values, combine)])
        : throw new ArgumentException($"{Values.Count} rounds cannot be set against {other.Values.Count}.", nameof(other));
}
