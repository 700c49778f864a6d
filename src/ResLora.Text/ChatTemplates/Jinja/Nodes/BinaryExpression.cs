using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>An operator between two values.</summary>
internal sealed class BinaryExpression(string sign, Expression left, Expression right, SourcePlace place) : Expression(place)
{
    protected override object Value(Frame frame) => Arithmetic.Apply(frame.Rendering, sign, left.Evaluate(frame), right.Evaluate(frame));
}
