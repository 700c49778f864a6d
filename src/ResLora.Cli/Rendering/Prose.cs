using Spectre.Console.Rendering;

namespace ResLora.Cli.Rendering;

/// <summary>Sentences, broken between words only.</summary>
/// <param name="text">The text, made harmless here.</param>
internal sealed class Prose(string text) : Renderable
{
    private readonly string _text = TerminalText.Escape(text, keepsLines: true);

    /// <inheritdoc />
    protected override Measurement Measure(RenderOptions options, int maxWidth) =>
        new(Math.Min(maxWidth, WordWrap.LongestWord(_text)), Math.Min(maxWidth, WordWrap.Cells(_text)));

    /// <inheritdoc />
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
        WordWrap.Lines(_text, maxWidth).SelectMany(line => new[] { new Segment(line), Segment.LineBreak });
}
