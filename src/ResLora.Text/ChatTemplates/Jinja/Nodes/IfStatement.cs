using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary><c>if</c>, <c>elif</c> and <c>else</c>.</summary>
internal sealed class IfStatement(IReadOnlyList<(Expression Test, BlockStatement Body)> branches, BlockStatement? otherwise,
    SourcePlace place) : Statement(place)
{
    protected override Flow Run(Frame frame)
    {
        foreach (var (test, body) in branches)
        {
            if (Truth.Of(test.Evaluate(frame)))
            {
                return body.Execute(frame);
            }
        }

        return otherwise?.Execute(frame) ?? Flow.Next;
    }
}
