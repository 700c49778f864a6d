using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>A mapping.</summary>
internal sealed class DictExpression(IReadOnlyList<(Expression Key, Expression Value)> entries, SourcePlace place) : Expression(place)
{
    protected override object Value(Frame frame)
    {
        var dict = new DictValue(frame.Rendering);
        foreach (var (key, value) in entries)
        {
            dict.Set(key.Evaluate(frame), value.Evaluate(frame));
        }

        return dict;
    }
}
