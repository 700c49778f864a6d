namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A block that says: this is what the assistant writes. transformers' own tag.</summary>
internal sealed class GenerationStatement(BlockStatement body, SourcePlace place) : Statement(place)
{
    protected override Flow Run(Frame frame)
    {
        // Where the text is captured by something else, transformers, too, takes the end of what is written so far.
        var text = body.Capture(frame);
        var start = frame.Rendering.Output.Length;
        frame.Rendering.Spans.Add((start, start + text.Length));
        frame.Write(text);
        return Flow.Next;
    }
}
