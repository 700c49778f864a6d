using Spectre.Console;
using Spectre.Console.Rendering;

namespace ResLora.Cli.Rendering;

/// <summary>Names with their values beside them; below them where a value would be too narrow to read.</summary>
internal sealed class FactList : Renderable
{
    private const string Gap = "   ";
    private const string Indent = "  ";
    private const int Readable = 24;

    private readonly (string Name, string Value)[] _facts;

    /// <summary>Makes a list.</summary>
    /// <param name="facts">Names and values, made harmless here.</param>
    public FactList(IEnumerable<KeyValuePair<string, string>> facts) =>
        _facts = [.. facts.Select(fact => (TerminalText.Escape(fact.Key), TerminalText.Escape(fact.Value)))];

    /// <inheritdoc />
    protected override Measurement Measure(RenderOptions options, int maxWidth) => new(maxWidth, maxWidth);

    /// <inheritdoc />
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        // NO_COLOR asks for plain text; dim is a matter of taste as a colour is.
        var style = options.ColorSystem == ColorSystem.NoColors ? Style.Plain : new Style(decoration: Decoration.Dim);
        var column = _facts.Select(fact => WordWrap.Cells(fact.Name)).DefaultIfEmpty().Max() + Gap.Length;
        var room = maxWidth - column;
        foreach (var (name, value) in _facts)
        {
            yield return new Segment(name, style);
            var beside = WordWrap.Cells(value) <= room || (room >= Readable && WordWrap.LongestWord(value) <= room);
            var lines = WordWrap.Lines(value, beside ? room : maxWidth - Indent.Length).ToArray();
            for (var i = 0; i < lines.Length && value.Length > 0; i++)
            {
                if (i > 0 || !beside)
                {
                    yield return Segment.LineBreak;
                }

                var before = !beside ? Indent : new string(' ', i > 0 ? column : column - WordWrap.Cells(name));
                yield return new Segment(before + lines[i]);
            }

            yield return Segment.LineBreak;
        }
    }
}
