using System.Numerics;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Python's <c>==</c> and <c>in</c>.</summary>
internal static class Equality
{
    /// <summary>Whether two values are equal.</summary>
    public static bool Equal(Rendering rendering, object left, object right)
    {
        rendering.Spend(1);
        if (Numbers.Are(left, right))
        {
            return (Numbers.Whole(left), Numbers.Whole(right)) switch
            {
                ({ } l, { } r) => l == r,
                ({ } l, null) => right is double r && !double.IsNaN(r) && Numbers.Compare(l, r) == 0,
                (null, { } r) => left is double l && !double.IsNaN(l) && Numbers.Compare(r, l) == 0,
                _ => (double)left == (double)right,
            };
        }

        return (left, right) switch
        {
            (string or Markup, string or Markup) => PythonText.Plain(left) == PythonText.Plain(right),
            (ListValue l, ListValue r) => Sequences(rendering, l, r),
            (TupleValue l, TupleValue r) => Sequences(rendering, l, r),
            (RangeValue l, RangeValue r) => Sequences(rendering, l, r),
            (DictValue l, DictValue r) => Dicts(rendering, l, r),
            (Undefined, Undefined) => true,
            _ => ReferenceEquals(left, right),
        };
    }

    /// <summary>Python's <c>is</c>, as far as it has a meaning in a template.</summary>
    public static bool Same(object left, object right) => (left, right) switch
    {
        (bool l, bool r) => l == r,
        (BigInteger l, BigInteger r) => l == r,
        (double l, double r) => l.Equals(r),
        (string l, string r) => l == r,
        _ => ReferenceEquals(left, right),
    };

    /// <summary>Whether a value is in another.</summary>
    public static bool Contains(Rendering rendering, object container, object item)
    {
        switch (container)
        {
            case string or Markup:
                var text = PythonText.Plain(container);
                rendering.SpendText(text.Length);
                return item is string or Markup
                    ? text.Contains(PythonText.Plain(item), StringComparison.Ordinal)
                    : throw (item as Undefined)?.Error()
                        ?? new JinjaError($"'in <string>' requires string as left operand, not {TypeNames.Of(item)}");
            case DictValue dict:
                DictValue.RequireHashable(item);
                return dict.TryGet(item, out _);
            default:
                return (Iteration.TryOf(container) ?? throw new JinjaError($"argument of type '{TypeNames.Of(container)}' is not iterable"))
                    .Any(other => Equal(rendering, other, item));
        }
    }

    private static bool Sequences(Rendering rendering, SequenceValue left, SequenceValue right)
    {
        Rendering.RequireStack();
        if (left.Count != right.Count)
        {
            return false;
        }

        for (var i = 0; i < left.Count; i++)
        {
            if (!Equal(rendering, left[i], right[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Dicts(Rendering rendering, DictValue left, DictValue right)
    {
        Rendering.RequireStack();
        return left.Count == right.Count
            && left.Entries.All(entry => right.TryGet(entry.Key, out var other) && Equal(rendering, entry.Value, other));
    }
}
