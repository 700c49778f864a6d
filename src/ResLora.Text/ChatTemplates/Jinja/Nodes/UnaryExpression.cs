using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary><c>not</c>, or a sign in front.</summary>
internal sealed class UnaryExpression(string sign, Expression operand, SourcePlace place) : Expression(place)
{
    protected override object Value(Frame frame) => sign switch
    {
        "not" => !Truth.Of(operand.Evaluate(frame)),
        "-" => Arithmetic.Negate(operand.Evaluate(frame)),
        _ => Arithmetic.Plus(operand.Evaluate(frame)),
    };
}
