using ResLora.Experiments.Comparing.Reports;

namespace ResLora.Experiments.Sweeping.Reports;

/// <summary>How the metric answers to one key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Lines">A line for each combination of the other keys' values, or one that is their mean.</param>
/// <param name="Note">What the lines are, in words.</param>
internal sealed record Response(SweptKey Key, IReadOnlyList<ResponseLine> Lines, string Note)
{
    // More lines than this hide each other.
    private const int MostLines = 6;

    /// <summary>Whether a point that was left behind is shown.</summary>
    public bool HasCuts => Lines.Any(line => line.IsCut.Contains(true));

    /// <summary>The answers to all keys of a sweep.</summary>
    /// <param name="report">The report.</param>
    public static IReadOnlyList<Response> Of(SweepReport report) => [.. report.Keys.Select((key, i) => Of(report, key, i))];

    private static Response Of(SweepReport report, SweptKey key, int at)
    {
        SweptKey[] others = [.. report.Keys.Where(other => other != key)];
        string Rest(PointReport point) => string.Join(", ", point.Values.Where((_, i) => i != at).Zip(
            others, (value, other) => $"{other.Name}={value}"));
        string[] rests = [.. report.Points.Select(Rest).Distinct()];
        var names = string.Join(", ", others.Select(other => other.Name));
        if (rests.Length <= MostLines)
        {
            return new Response(
                key,
                [.. rests.Select(rest => Line(rest.Length == 0 ? key.Name : rest, [.. report.Points.Where(point => Rest(point) == rest)]))],
                others.Length == 0 ? "" : $"a line for each {names}");
        }

        return new Response(key, [Averaged()], $"averaged over {names}: points trained to the end, each seed by itself");

        ResponseLine Line(string name, PointReport[] points)
        {
            PointReport? At(string value, PointOutcome outcome) =>
                points.SingleOrDefault(point => point.Outcome == outcome && point.Values[at] == value);
            return new ResponseLine(
                name,
                [.. key.Values.Select(value => At(value, PointOutcome.Finished)?.Value)],
                [.. key.Values.Select(value => At(value, PointOutcome.Cut) is not null)]);
        }

        ResponseLine Averaged() => new(
            $"mean over {names}",
            [.. key.Values.Select(value => Mean([.. report.Finished.Where(point => point.Values[at] == value)], report))],
            [.. key.Values.Select(_ => false)]);
    }

    private static Figure? Mean(PointReport[] points, SweepReport report) => points.Length == 0
        ? null
        : Figure.Of(
            [.. report.Seeds.Select((_, seed) => points.Average(point => point.Value.Values[seed]))],
            ScoreMeaning.OfMetric(report.Metric).Range);
}
