using ResLora.Text.Data.Chat;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ResLora.Cli.Rendering;

/// <summary>A sample with every token marked by what becomes of it: in colours, or in brackets where there are none.</summary>
/// <param name="sample">The sample.</param>
internal sealed class SampleTokens(ShownSample sample) : Renderable
{
    private static readonly Style _trained = new(Color.Green);
    private static readonly Style _cut = new(Color.Red, decoration: Decoration.Strikethrough);

    /// <inheritdoc />
    protected override Measurement Measure(RenderOptions options, int maxWidth) => new(maxWidth, maxWidth);

    /// <inheritdoc />
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var isColoured = options.Ansi && options.ColorSystem != ColorSystem.NoColors;
        yield return Segment.LineBreak;
        foreach (var segment in Lines(Head(isColoured), Style.Plain))
        {
            yield return segment;
        }

        yield return Segment.LineBreak;
        foreach (var (use, text) in Runs())
        {
            var (style, open, close) = use switch
            {
                TokenUse.Trained => (_trained, "[+", "+]"),
                TokenUse.Cut => (_cut, "[-", "-]"),
                _ => (Style.Plain, "", ""),
            };
            foreach (var segment in Lines(isColoured ? text : open + text + close, isColoured ? style : Style.Plain))
            {
                yield return segment;
            }
        }

        yield return Segment.LineBreak;
    }

    private string Head(bool isColoured)
    {
        var part = sample.Parts > 1 ? $", part {sample.Part} of {sample.Parts}" : "";
        var (trained, cut) = (sample.Count(TokenUse.Trained), sample.Count(TokenUse.Cut));
        var counts = $"{sample.Tokens.Count - cut} tokens, {trained} trained {(isColoured ? "(green)" : "[+so+]")}";
        var off = cut == 0 ? "" : $", {cut} cut off {(isColoured ? "(red)" : "[-so-]")}";
        return $"sample {sample.Sample}{part}: {(sample.LeftOut is { } why ? $"left out, {why}" : counts + off)}";
    }

    private IEnumerable<(TokenUse Use, string Text)> Runs()
    {
        for (var start = 0; start < sample.Tokens.Count;)
        {
            var run = sample.Tokens.Skip(start).TakeWhile(token => token.Use == sample.Tokens[start].Use).ToArray();
            yield return (run[0].Use, string.Concat(run.Select(token => token.Text)));
            start += run.Length;
        }
    }

    /// <summary>A text made harmless, with its own line breaks and no others.</summary>
    private static IEnumerable<Segment> Lines(string text, Style style)
    {
        var lines = TerminalText.Escape(text, keepsLines: true).Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (i > 0)
            {
                yield return Segment.LineBreak;
            }

            if (lines[i].Length > 0)
            {
                yield return new Segment(lines[i], style);
            }
        }
    }
}
