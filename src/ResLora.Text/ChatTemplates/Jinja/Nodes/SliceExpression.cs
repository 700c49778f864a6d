using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary><c>start:stop:step</c> between brackets.</summary>
internal sealed class SliceExpression(Expression? start, Expression? stop, Expression? step, SourcePlace place) : Expression(place)
{
    protected override object Value(Frame frame) => new SliceValue(Bound(start, frame), Bound(stop, frame), Bound(step, frame));

    private static object Bound(Expression? bound, Frame frame) => bound?.Evaluate(frame) ?? NoneValue.Instance;
}
