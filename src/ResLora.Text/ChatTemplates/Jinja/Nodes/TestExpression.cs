using ResLora.Text.ChatTemplates.Jinja.Functions;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A test of a value.</summary>
internal sealed class TestExpression(Expression value, string name, Arguments arguments, SourcePlace place) : Expression(place)
{
    protected override object Value(Frame frame) =>
        Truth.Of(TestTable.Require(name).Call(frame.Rendering, arguments.Evaluate(frame).Behind(value.Evaluate(frame))));
}
