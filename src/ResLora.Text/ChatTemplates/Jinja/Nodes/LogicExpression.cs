using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary><c>and</c> or <c>or</c>: the value of the operand that decides.</summary>
internal sealed class LogicExpression(bool isAnd, Expression left, Expression right, SourcePlace place) : Expression(place)
{
    protected override object Value(Frame frame)
    {
        var first = left.Evaluate(frame);
        return Truth.Of(first) == isAnd ? right.Evaluate(frame) : first;
    }
}
