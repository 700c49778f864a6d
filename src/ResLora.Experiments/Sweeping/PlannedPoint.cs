using ResLora.Experiments.Comparing;

namespace ResLora.Experiments.Sweeping;

/// <summary>A point with what its runs will take.</summary>
/// <param name="Point">The point.</param>
/// <param name="Size">What each of its runs takes.</param>
public sealed record PlannedPoint(SweepPoint Point, RunSize Size);
