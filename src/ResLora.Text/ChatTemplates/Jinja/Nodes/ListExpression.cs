using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A list, or a tuple.</summary>
internal sealed class ListExpression(IReadOnlyList<Expression> items, bool isTuple, SourcePlace place) : Expression(place)
{
    protected override object Value(Frame frame)
    {
        object[] values = [.. items.Select(item => item.Evaluate(frame))];
        return isTuple ? new TupleValue(values) : new ListValue(values);
    }
}
