namespace ResLora.Statistics;

/// <summary>Two bounds that a figure lies between with a stated confidence; not a number where the data has no answer.</summary>
/// <param name="Low">The lower bound, in the figure's unit.</param>
/// <param name="High">The upper bound, in the figure's unit.</param>
public readonly record struct Interval(double Low, double High);
