using ResLora.Text.ChatTemplates.Jinja.Functions;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary><c>owner[key]</c>, with a slice perhaps.</summary>
internal sealed class MemberExpression(Expression owner, Expression key, SourcePlace place) : Expression(place)
{
    protected override object Value(Frame frame)
    {
        var value = owner.Evaluate(frame);
        var found = key.Evaluate(frame);
        return found is SliceValue slice ? Slicing.Cut(frame.Rendering, value, slice) : Members.Item(value, found);
    }
}
