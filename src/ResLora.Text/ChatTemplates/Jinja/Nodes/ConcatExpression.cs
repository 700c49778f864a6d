using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary><c>~</c>: the texts of values, one behind the other.</summary>
internal sealed class ConcatExpression(IReadOnlyList<Expression> parts, SourcePlace place) : Expression(place)
{
    protected override object Value(Frame frame)
    {
        string[] texts = [.. parts.Select(part => PythonText.Of(frame.Rendering, part.Evaluate(frame)))];
        frame.Rendering.SpendText(texts.Sum(text => (long)text.Length));
        return string.Concat(texts);
    }
}
