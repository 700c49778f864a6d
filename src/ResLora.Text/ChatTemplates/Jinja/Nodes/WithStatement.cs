namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary><c>with</c>: variables for a block, whose values see those around it.</summary>
internal sealed class WithStatement(IReadOnlyList<(Target Target, Expression Value)> variables, BlockStatement body, SourcePlace place)
    : Statement(place)
{
    protected override Flow Run(Frame frame)
    {
        var inner = frame.Inner();
        foreach (var (target, value) in variables)
        {
            target.Assign(inner, value.Evaluate(frame));
        }

        return body.Execute(inner);
    }
}
