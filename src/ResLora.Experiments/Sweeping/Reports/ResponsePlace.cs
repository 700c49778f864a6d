using ResLora.Experiments.Comparing.Reports;

namespace ResLora.Experiments.Sweeping.Reports;

/// <summary>Where the figures of a response stand in a picture: values of a key are places from 0, whatever they are.</summary>
internal static class ResponsePlace
{
    private const double Apart = 0.06;
    private const double Room = 0.05;

    // Where all values are equal there is something to see, too.
    private const double Least = 1e-6;

    /// <summary>How far a line is moved aside, so that intervals do not hide each other.</summary>
    /// <param name="line">Which line, from 0.</param>
    /// <param name="lines">How many there are.</param>
    public static double Shift(int line, int lines) => Apart * (line - ((lines - 1) / 2.0));

    /// <summary>The figures that there are, with their places.</summary>
    /// <param name="figures">A figure or none for each value.</param>
    /// <param name="shift">How far they are moved aside.</param>
    public static IEnumerable<(double X, Figure Figure)> Of(IReadOnlyList<Figure?> figures, double shift) =>
        from one in figures.Index()
        where one.Item?.Mean is not null
        select (one.Index + shift, one.Item!);

    /// <summary>The places of points that were left behind.</summary>
    /// <param name="line">The line.</param>
    /// <param name="shift">How far it is moved aside.</param>
    public static IEnumerable<double> OfCuts(ResponseLine line, double shift) =>
        line.IsCut.Index().Where(one => one.Item).Select(one => one.Index + shift);

    /// <summary>
    /// What the vertical axis reaches over. Points that were left behind have no value of the end: they are marked at the upper edge.
    /// </summary>
    /// <param name="response">What is shown.</param>
    /// <returns>Its ends, and where points that were left behind are marked.</returns>
    public static (double Least, double Most, double Cuts) Range(Response response)
    {
        double[] all =
        [
            .. response.Lines.SelectMany(line => line.Figures).SelectMany(figure => new[] { figure?.Mean, figure?.Low, figure?.High })
                .OfType<double>().DefaultIfEmpty(0),
        ];
        var room = Math.Max((all.Max() - all.Min()) * Room, Least * Math.Max(1, Math.Abs(all.Max())));
        var most = all.Max() + ((response.HasCuts ? 3 : 1) * room);
        return (all.Min() - room, most, most - room);
    }
}
