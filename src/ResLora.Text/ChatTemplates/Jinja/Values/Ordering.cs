namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Python's order of numbers, texts, lists and tuples.</summary>
internal static class Ordering
{
    /// <summary>Whether <c>left sign right</c> holds.</summary>
    /// <param name="rendering">The rendering.</param>
    /// <param name="sign">One of &lt;, &lt;=, &gt; and &gt;=.</param>
    /// <param name="left">The left value.</param>
    /// <param name="right">The right value.</param>
    /// <exception cref="JinjaError">The values have no order.</exception>
    public static bool Holds(Rendering rendering, string sign, object left, object right)
    {
        if (IsNaN(left) || IsNaN(right))
        {
            return false;
        }

        var order = Compare(rendering, sign, left, right);
        return sign switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }

    /// <summary>Sorts; equals stay in their order.</summary>
    /// <param name="rendering">The rendering.</param>
    /// <param name="items">The values.</param>
    /// <param name="key">What is compared.</param>
    /// <param name="reverse">Whether the largest comes first.</param>
    public static List<object> Sort(Rendering rendering, IEnumerable<object> items, Func<object, object> key, bool reverse)
    {
        var keyed = items.Select(item => (Item: item, Key: key(item))).ToList();
        var order = Comparer<object>.Create((left, right) => Compare(rendering, "<", left, right));
        try
        {
            // A stable sort, whose equals stay in order in either direction.
            return [.. (reverse ? keyed.OrderByDescending(entry => entry.Key, order)
                : keyed.OrderBy(entry => entry.Key, order)).Select(entry => entry.Item)];
        }
        catch (InvalidOperationException error) when (error.InnerException is JinjaError inner)
        {
            throw inner;
        }
    }

    private static int Compare(Rendering rendering, string sign, object left, object right)
    {
        rendering.Spend(1);
        if (Numbers.Are(left, right))
        {
            return (Numbers.Whole(left), Numbers.Whole(right)) switch
            {
                ({ } l, { } r) => l.CompareTo(r),
                ({ } l, null) => Numbers.Compare(l, (double)right),
                (null, { } r) => -Numbers.Compare(r, (double)left),
                _ => ((double)left).CompareTo((double)right),
            };
        }

        return (left, right) switch
        {
            (string or Markup, string or Markup) => CodePoints.Compare(PythonText.Plain(left), PythonText.Plain(right)),
            (ListValue l, ListValue r) => Compare(rendering, sign, l, r),
            (TupleValue l, TupleValue r) => Compare(rendering, sign, l, r),
            _ => throw ((left as Undefined) ?? (right as Undefined))?.Error()
                ?? new JinjaError($"'{sign}' not supported between instances of '{TypeNames.Of(left)}' and '{TypeNames.Of(right)}'"),
        };
    }

    private static int Compare(Rendering rendering, string sign, SequenceValue left, SequenceValue right)
    {
        Rendering.RequireStack();
        for (var i = 0; i < Math.Min(left.Count, right.Count); i++)
        {
            if (!Equality.Equal(rendering, left[i], right[i]))
            {
                return Compare(rendering, sign, left[i], right[i]);
            }
        }

        return left.Count.CompareTo(right.Count);
    }

    private static bool IsNaN(object value) => value is double.NaN;
}
