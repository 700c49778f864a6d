namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>Text between tags.</summary>
internal sealed class TextStatement(string text, SourcePlace place) : Statement(place)
{
    protected override Flow Run(Frame frame)
    {
        frame.Write(text);
        return Flow.Next;
    }
}
