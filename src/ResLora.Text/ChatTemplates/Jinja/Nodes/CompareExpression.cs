using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>Comparisons in a chain: each with the value before it, as long as they hold.</summary>
internal sealed class CompareExpression(Expression first, IReadOnlyList<(string Sign, Expression Operand)> others, SourcePlace place)
    : Expression(place)
{
    protected override object Value(Frame frame)
    {
        var left = first.Evaluate(frame);
        foreach (var (sign, operand) in others)
        {
            var right = operand.Evaluate(frame);
            if (!Holds(frame.Rendering, sign, left, right))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private static bool Holds(Rendering rendering, string sign, object left, object right) => sign switch
    {
        "==" => Equality.Equal(rendering, left, right),
        "!=" => !Equality.Equal(rendering, left, right),
        "in" => Equality.Contains(rendering, right, left),
        "not in" => !Equality.Contains(rendering, right, left),
        _ => Ordering.Holds(rendering, sign, left, right),
    };
}
