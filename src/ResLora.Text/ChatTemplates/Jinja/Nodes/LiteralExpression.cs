namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A value that stands in the template.</summary>
internal sealed class LiteralExpression(object value, SourcePlace place) : Expression(place)
{
    protected override object Value(Frame frame) => value;
}
