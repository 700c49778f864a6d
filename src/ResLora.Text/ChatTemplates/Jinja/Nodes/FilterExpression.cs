using ResLora.Text.ChatTemplates.Jinja.Functions;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A filter, applied to a value.</summary>
internal sealed class FilterExpression(Expression value, string name, Arguments arguments, SourcePlace place) : Expression(place)
{
    protected override object Value(Frame frame) =>
        FilterTable.Require(name).Call(frame.Rendering, arguments.Evaluate(frame).Behind(value.Evaluate(frame)));
}
