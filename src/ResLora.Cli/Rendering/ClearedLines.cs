using Spectre.Console.Rendering;

namespace ResLora.Cli.Rendering;

/// <summary>Text that is written over a line that is redrawn: what is left of that one behind each of its lines is cleared.</summary>
/// <param name="inner">The text.</param>
internal sealed class ClearedLines(IRenderable inner) : Renderable
{
    private const string ClearToTheEnd = "\u001b[K";

    /// <inheritdoc />
    protected override Measurement Measure(RenderOptions options, int maxWidth) => inner.Measure(options, maxWidth);

    /// <inheritdoc />
    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        foreach (var segment in inner.Render(options, maxWidth))
        {
            if (segment.IsLineBreak && options.Ansi)
            {
                yield return Segment.Control(ClearToTheEnd);
            }

            yield return segment;
        }
    }
}
