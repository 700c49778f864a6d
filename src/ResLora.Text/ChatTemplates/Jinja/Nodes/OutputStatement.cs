using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A value that is printed.</summary>
internal sealed class OutputStatement(Expression value, SourcePlace place) : Statement(place)
{
    protected override Flow Run(Frame frame)
    {
        frame.Write(PythonText.Of(frame.Rendering, value.Evaluate(frame)));
        return Flow.Next;
    }
}
