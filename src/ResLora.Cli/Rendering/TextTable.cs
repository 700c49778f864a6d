using Spectre.Console.Rendering;

namespace ResLora.Cli.Rendering;

/// <summary>A table with a head. Where it is too wide for the terminal, its last column is broken between words, or each row becomes a list.</summary>
internal sealed class TextTable : Renderable
{
    private const string Indent = "  ";
    private const string Gap = "   ";
    private const int Readable = 24;

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

    /// <inheritdoc />
    protected override Measurement Measure(RenderOptions options, int maxWidth) => new(maxWidth, maxWidth);

    /// <inheritdoc />
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        int[] widths = [.. _heads.Select((head, i) => _rows.Select(row => WordWrap.Cells(row[i])).Append(WordWrap.Cells(head)).Max())];
        var natural = Indent.Length + widths.Sum() + (Gap.Length * (widths.Length - 1));
        var excess = natural - maxWidth;
        if (excess > 0)
        {
            var least = Math.Max(Readable, _rows.Select(row => WordWrap.LongestWord(row[^1])).Append(WordWrap.Cells(_heads[^1])).Max());
            if (_isNumber[^1] || widths[^1] - excess < least)
            {
                return Lists(options, maxWidth);
            }

            widths[^1] -= excess;
        }

        var rule = new string(options.Unicode ? '─' : '-', Math.Min(maxWidth, natural + Indent.Length));
        return Segments(["", .. Lines(_heads, widths), rule, .. _rows.SelectMany(row => Lines(row, widths)), ""]);
    }

    /// <summary>A row as lines: one, or more where its last cell is broken.</summary>
    private IEnumerable<string> Lines(string[] cells, int[] widths)
    {
        var last = WordWrap.Lines(cells[^1], widths[^1]).ToArray();
        for (var line = 0; line < last.Length; line++)
        {
            var shown = cells[..^1].Select(cell => line == 0 ? cell : "").Append(last[line]).Select((cell, i) => Padded(cell, widths[i], _isNumber[i]));
            yield return (Indent + string.Join(Gap, shown)).TrimEnd();
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
            IRenderable list = new FactList(_heads.Zip(row).Where(cell => cell.Second.Length > 0).Select(cell => KeyValuePair.Create(cell.First, cell.Second)));
            foreach (var segment in list.Render(options, maxWidth))
            {
                yield return segment;
            }

            yield return Segment.LineBreak;
        }
    }

    private static IEnumerable<Segment> Segments(IEnumerable<string> lines) => lines.SelectMany(line => new[] { new Segment(line), Segment.LineBreak });
}
