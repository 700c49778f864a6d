using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary><c>a if b else c</c>; without <c>else</c> an undefined value.</summary>
internal sealed class ConditionExpression(Expression test, Expression yes, Expression? no, SourcePlace place) : Expression(place)
{
    protected override object Value(Frame frame) =>
        Truth.Of(test.Evaluate(frame)) ? yes.Evaluate(frame)
        : no?.Evaluate(frame) ?? new Undefined("the inline if-expression evaluated to false and no else section was defined");
}
