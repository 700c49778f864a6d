using ResLora.Text.ChatTemplates.Jinja.Functions;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary><c>owner.name</c>.</summary>
internal sealed class AttributeExpression(Expression owner, string name, SourcePlace place) : Expression(place)
{
    protected override object Value(Frame frame) => Members.Dotted(owner.Evaluate(frame), name);
}
