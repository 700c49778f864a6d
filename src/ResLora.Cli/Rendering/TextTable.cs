using Spectre.Console.Rendering;

namespace ResLora.Cli.Rendering;

/// <summary>
/// A table with a head. Where it is too wide for the terminal, its heads and its last column are broken between words, or each row becomes
/// a list.
/// </summary>
internal sealed class TextTable : Renderable
{
    private const int Readable = 24;
    private static readonly Spacing _wide = new("  ", "   ");
    private static readonly Spacing _narrow = new("", "  ");

    private readonly string[] _heads;
    private readonly bool[] _isNumber;
    private readonly List<string[]> _rows = [];

    /// <summary>Makes a table without rows.</summary>
    /// <param name="columns">The heads; columns whose name ends with <c>&gt;</c> hold numbers and stand right.</param>
    public TextTable(params IEnumerable<string> columns)
    {
        string[] names = [.. columns];
        _isNumber = [.. names.Select(name => name.EndsWith('>'))];
        _heads = [.. names.Select(name => TerminalText.Escape(name.TrimEnd('>')))];
    }

    /// <summary>Adds a row of plain texts, made harmless here.</summary>
    /// <param name="cells">A text for each column.</param>
    public void Row(params IEnumerable<string> cells) => _rows.Add([.. cells.Select(cell => TerminalText.Escape(cell))]);

    /// <summary>Whether it is drawn as a table where there is so much room, and not as lists.</summary>
    /// <param name="maxWidth">The room, in cells of the terminal.</param>
    public bool Fits(int maxWidth) => Layout(maxWidth).Widths is not null;

    /// <inheritdoc />
    protected override Measurement Measure(RenderOptions options, int maxWidth) => new(maxWidth, maxWidth);

    /// <inheritdoc />
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var (widths, spacing) = Layout(maxWidth);
        return widths is null ? Lists(options, maxWidth) : Drawn(widths, spacing, options.Unicode ? '─' : '-', maxWidth);
    }

    private (int[]? Widths, Spacing Spacing) Layout(int maxWidth)
    {
        int[] cells = [.. _heads.Select((_, i) => _rows.Select(row => WordWrap.Cells(row[i])).DefaultIfEmpty().Max())];
        int[] natural = [.. cells.Select((width, i) => Math.Max(width, WordWrap.Cells(_heads[i])))];
        // Narrower: heads over several lines. Its last column may be broken, too, when it holds text.
        int[] narrow = [.. cells.Select((width, i) => Math.Max(width, WordWrap.LongestWord(_heads[i])))];
        int[] broken = [.. narrow[..^1], Math.Max(0, maxWidth - Width([.. narrow[..^1], 0], _wide))];
        var least = Math.Max(Readable, _rows.Select(row => WordWrap.LongestWord(row[^1])).Append(WordWrap.LongestWord(_heads[^1])).Max());
        (int[]? Widths, Spacing Spacing)[] layouts =
        [
            (natural, _wide),
            (narrow, _wide),
            (narrow, _narrow),
            .. _isNumber[^1] || broken[^1] < least ? [] : new (int[]? Widths, Spacing Spacing)[] { (broken, _wide) },
        ];
        return layouts.FirstOrDefault(layout => Width(layout.Widths!, layout.Spacing) <= maxWidth);
    }

    private static int Width(int[] widths, Spacing spacing) =>
        spacing.Indent.Length + widths.Sum() + (spacing.Gap.Length * (widths.Length - 1));

    private IEnumerable<Segment> Drawn(int[] widths, Spacing spacing, char line, int maxWidth)
    {
        var rule = new string(line, Math.Min(maxWidth, Width(widths, spacing) + spacing.Indent.Length));
        var rows = _rows.SelectMany(row => Lines(row, widths, spacing));
        IEnumerable<string> lines = ["", .. Lines(_heads, widths, spacing), rule, .. rows, ""];
        return lines.SelectMany(text => new[] { new Segment(text), Segment.LineBreak });
    }

    /// <summary>A row as lines: one, or more where its cells are broken.</summary>
    private IEnumerable<string> Lines(string[] cells, int[] widths, Spacing spacing)
    {
        string[][] broken = [.. cells.Select((cell, i) => WordWrap.Lines(cell, widths[i]).ToArray())];
        for (var line = 0; line < broken.Max(cell => cell.Length); line++)
        {
            var shown = broken.Select((cell, i) => Padded(line < cell.Length ? cell[line] : "", widths[i], _isNumber[i]));
            yield return (spacing.Indent + string.Join(spacing.Gap, shown)).TrimEnd();
        }
    }

    private static string Padded(string cell, int width, bool right)
    {
        var blanks = new string(' ', Math.Max(0, width - WordWrap.Cells(cell)));
        return right ? blanks + cell : cell + blanks;
    }

    private IEnumerable<Segment> Lists(RenderOptions options, int maxWidth)
    {
        yield return Segment.LineBreak;
        foreach (var row in _rows)
        {
            var cells = _heads.Zip(row, KeyValuePair.Create).Where(cell => cell.Value.Length > 0);
            IRenderable list = new FactList(cells);
            foreach (var segment in list.Render(options, maxWidth))
            {
                yield return segment;
            }

            yield return Segment.LineBreak;
        }
    }

    /// <summary>The blanks before a table and between its columns.</summary>
    private sealed record Spacing(string Indent, string Gap);
}
