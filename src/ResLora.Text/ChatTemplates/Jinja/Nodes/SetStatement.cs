namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary><c>set</c> with a value.</summary>
internal sealed class SetStatement(Target target, Expression value, SourcePlace place) : Statement(place)
{
    protected override Flow Run(Frame frame)
    {
        target.Assign(frame, value.Evaluate(frame));
        return Flow.Next;
    }
}
