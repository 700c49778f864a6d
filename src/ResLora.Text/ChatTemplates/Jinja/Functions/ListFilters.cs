using System.Numerics;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>Filters of lists.</summary>
internal static class ListFilters
{
    /// <summary>All of them.</summary>
    public static FunctionTable All { get; } = new()
    {
        { "first", "value", (_, a) => Iteration.Of(a[0]).FirstOrDefault() ?? new Undefined("No first item, sequence was empty.") },
        { "last", "value", (run, a) => Reversed(run, a[0]).FirstOrDefault() ?? new Undefined("No last item, sequence was empty.") },
        { "length|count", "value", (_, a) =>
            (BigInteger)(Iteration.Length(a[0]) ?? throw new JinjaError($"object of type '{TypeNames.Of(a[0])}' has no len()")) },
        { "list", "value", (_, a) => new ListValue(a.Items(0)) },
        { "items", "value", (_, a) => Items(a[0]) },
        { "join", "value d? attribute?", Join },
        { "sum", "value attribute? start?", Sum },
        { "batch", "value linecount fill_with?", (_, a) => new OneShot(Batch(a)) },
        { "slice", "value slices fill_with?", (_, a) => new OneShot(Slice(a)) },
        { "reverse", "value", (run, a) => a[0] is string or Markup
            ? string.Concat(CodePoints.Each(a.AsText(0)).Reverse())
            : new OneShot(a[0] is OneShot ? a.Items(0).AsEnumerable().Reverse() : Reversed(run, a[0])) },
    };

    private static IEnumerable<object> Reversed(Rendering run, object value) => value is not OneShot
        ? Iteration.List(run, value).AsEnumerable().Reverse()
        : throw new JinjaError("'generator' object is not reversible");

    private static OneShot Items(object value) => value switch
    {
        Undefined => new OneShot([]),
        DictValue dict => new OneShot(new DictView("items", dict).Items()),
        _ => throw new JinjaError("Can only get item pairs from a mapping."),
    };

    private static string Join(Rendering run, BoundArguments a)
    {
        var read = AttributePath.Reader(a.Or(2, NoneValue.Instance));
        var separator = a.Values[1] is null ? "" : a.AsText(1);
        return StringMethods.Join(run, separator, Iteration.Of(a[0]).Select(item => (object)PythonText.Of(run, read(item))));
    }

    private static object Sum(Rendering run, BoundArguments a)
    {
        var read = AttributePath.Reader(a.Or(1, NoneValue.Instance));
        var start = a.Or(2, BigInteger.Zero);
        return start is string
            ? throw new JinjaError("sum() can't sum strings [use ''.join(seq) instead]")
            : Iteration.Of(a[0]).Aggregate(start, (sum, item) => Arithmetic.Apply(run, "+", sum, read(item)));
    }

    private static IEnumerable<object> Batch(BoundArguments a)
    {
        var size = a.Whole(1);
        var batch = new List<object>();
        foreach (var item in Iteration.Of(a[0]))
        {
            if (batch.Count == size)
            {
                yield return new ListValue(batch);
                batch = [];
            }

            batch.Add(item);
        }

        if (batch.Count > 0)
        {
            var missing = a.Has(2) ? Math.Max(0, size - batch.Count) : 0;
            a.Rendering.SpendItems(missing);
            yield return new ListValue([.. batch, .. Enumerable.Repeat(a.Or(2, NoneValue.Instance), missing)]);
        }
    }

    private static IEnumerable<object> Slice(BoundArguments a)
    {
        var items = a.Items(0);
        var slices = a.Whole(1) is > 0 and var count ? count : throw new JinjaError("'slice' needs 1 slice or more");
        var (size, longer) = Math.DivRem(items.Count, slices);
        for (var (i, done) = (0, 0); i < slices; i++)
        {
            a.Rendering.Spend(1);
            var length = size + (i < longer ? 1 : 0);
            List<object> slice = items.GetRange(done, length);
            done += length;
            if (a.Has(2) && i >= longer)
            {
                slice.Add(a[2]);
            }

            yield return new ListValue(slice);
        }
    }
}
