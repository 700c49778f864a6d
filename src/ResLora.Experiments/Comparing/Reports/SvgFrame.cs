using System.Globalization;
using System.Net;
using System.Text;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>A chart in SVG: its axes with ticks, and where numbers lie in it. Colors are the page's, which has light and dark
/// ones.</summary>
internal sealed class SvgFrame
{
    private const double Width = 480, Height = 300, Left = 62, Right = 12, Top = 10, Bottom = 42;
    private const int Ticks = 5;

    // An SVG within an SVG shows nothing beyond its edges: lines end at the frame's.
    private static readonly string _inside = string.Create(
        CultureInfo.InvariantCulture,
        $"<svg x=\"{Left}\" y=\"{Top}\" width=\"{Width - Left - Right}\" height=\"{Height - Top - Bottom}\" "
        + $"viewBox=\"{Left} {Top} {Width - Left - Right} {Height - Top - Bottom}\">");

    private readonly StringBuilder _text = new();
    private readonly (double Least, double Most) _x;
    private readonly (double Least, double Most) _y;

    /// <summary>Begins a chart.</summary>
    /// <param name="name">What it shows, for those who cannot see it.</param>
    /// <param name="x">What the horizontal axis reaches over.</param>
    /// <param name="y">What the vertical axis reaches over.</param>
    public SvgFrame(string name, (double Least, double Most) x, (double Least, double Most) y)
    {
        (_x, _y) = (Wide(x), Wide(y));
        _text.Append(
            CultureInfo.InvariantCulture,
            $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(name)}\">");
        _text.Append(CultureInfo.InvariantCulture, $"<path class=\"axis\" d=\"M{Left} {Top}V{Height - Bottom}H{Width - Right}\"/>");
    }

    /// <summary>Draws ticks below, at round numbers.</summary>
    /// <param name="title">What the axis is of.</param>
    public void TicksBelow(string title)
    {
        foreach (var tick in Round(_x))
        {
            Text(X(tick), Height - Bottom + 16, "middle", Short(tick));
        }

        TitleBelow(title);
    }

    /// <summary>Draws names below, at 0, 1, 2 and so on.</summary>
    /// <param name="title">What the axis is of.</param>
    /// <param name="names">The names.</param>
    public void NamesBelow(string title, IReadOnlyList<string> names)
    {
        foreach (var (i, name) in names.Index())
        {
            Text(X(i), Height - Bottom + 16, "middle", name);
        }

        TitleBelow(title);
    }

    /// <summary>Draws ticks on the left, at round numbers, with lines across.</summary>
    /// <param name="title">What the axis is of.</param>
    public void TicksLeft(string title)
    {
        foreach (var tick in Round(_y))
        {
            _text.Append(CultureInfo.InvariantCulture, $"<path class=\"grid\" d=\"M{Left} {Y(tick):0.#}H{Width - Right}\"/>");
            Text(Left - 6, Y(tick) + 4, "end", Short(tick));
        }

        var middle = (Top + Height - Bottom) / 2;
        _text.Append(
            CultureInfo.InvariantCulture,
            $"<text transform=\"translate(14 {middle}) rotate(-90)\" text-anchor=\"middle\">{WebUtility.HtmlEncode(title)}</text>");
    }

    /// <summary>Draws a line through points; what lies beyond the frame is not shown.</summary>
    /// <param name="series">Which series, from 0.</param>
    /// <param name="points">The points; those that are not finite are left out.</param>
    public void Line(int series, IEnumerable<(double X, double Y)> points) => Path(series, "line", points, "");

    /// <summary>Fills what lies between two lines.</summary>
    /// <param name="series">Which series, from 0.</param>
    /// <param name="x">The places of both.</param>
    /// <param name="low">The lower one.</param>
    /// <param name="high">The upper one.</param>
    public void Band(int series, double[] x, double[] low, double[] high) =>
        Path(series, "band", x.Zip(high).Concat(x.Zip(low).Reverse()), "Z");

    /// <summary>Draws a point with a whisker to both sides.</summary>
    /// <param name="series">Which series, from 0.</param>
    /// <param name="x">Its place.</param>
    /// <param name="figure">Its value and interval.</param>
    public void Whisker(int series, double x, Figure figure)
    {
        if (figure is { Low: { } low, High: { } high })
        {
            Path(series, "line", [(x, low), (x, high)], "");
        }

        if (figure.Mean is { } mean)
        {
            _text.Append(
                CultureInfo.InvariantCulture,
                $"<circle class=\"dot s{series}\" data-s=\"{series}\" cx=\"{X(x):0.#}\" cy=\"{Y(mean):0.#}\" r=\"5\"/>");
        }
    }

    /// <summary>Draws a cross.</summary>
    /// <param name="series">Which series, from 0.</param>
    /// <param name="x">Its place.</param>
    /// <param name="y">Its value.</param>
    public void Cross(int series, double x, double y)
    {
        const double side = 10;
        var (left, top) = (X(x) - (side / 2), Y(y) - (side / 2));
        _text.Append(
            CultureInfo.InvariantCulture,
            $"<path class=\"line s{series}\" data-s=\"{series}\" d=\"M{left:0.#} {top:0.#}l{side} {side}m0 -{side}l-{side} {side}\"/>");
    }

    /// <summary>The chart.</summary>
    public string Close() => _text.Append("</svg>").ToString();

    private static (double Least, double Most) Wide((double Least, double Most) range) =>
        range.Most > range.Least ? range : (range.Least - 0.5, range.Least + 0.5);

    private static string Short(double value) => Math.Abs(value) >= 10_000
        ? (value / 1000).ToString("0.#", CultureInfo.InvariantCulture) + " k"
        : value.ToString("0.####", CultureInfo.InvariantCulture);

    /// <summary>1, 2 or 5 times a power of ten apart.</summary>
    private static IEnumerable<double> Round((double Least, double Most) range)
    {
        var raw = (range.Most - range.Least) / Ticks;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = power * ((raw / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 });
        // Of a little below 0 the ceiling is -0, which would be written so.
        for (var tick = Math.Ceiling(range.Least / step) + 0.0; tick * step <= range.Most; tick++)
        {
            yield return tick * step;
        }
    }

    private void TitleBelow(string title) => Text((Left + Width - Right) / 2, Height - 6, "middle", title);

    private void Path(int series, string kind, IEnumerable<(double X, double Y)> points, string end)
    {
        var shown = points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y))
            .Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.X):0.#} {Y(point.Y):0.#}"));
        _text.Append(_inside).Append(
            CultureInfo.InvariantCulture,
            $"<path class=\"{kind} s{series}\" data-s=\"{series}\" d=\"M{string.Join('L', shown)}{end}\"/></svg>");
    }

    private void Text(double x, double y, string anchor, string text) => _text.Append(
        CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" text-anchor=\"{anchor}\">{WebUtility.HtmlEncode(text)}</text>");

    private double X(double value) => Left + ((value - _x.Least) / (_x.Most - _x.Least) * (Width - Left - Right));

    private double Y(double value) => Height - Bottom - ((value - _y.Least) / (_y.Most - _y.Least) * (Height - Top - Bottom));
}
