using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>Filters that sort, group and find the largest, in which capitals count as small letters unless asked otherwise.</summary>
internal static class OrderFilters
{
    /// <summary>All of them.</summary>
    public static FunctionTable All { get; } = new()
    {
        { "sort", "value reverse? case_sensitive? attribute?", (run, a) =>
            new ListValue(Ordering.Sort(run, a.Items(0), Key(a, 2, AttributePath.Several(a.Or(3, NoneValue.Instance))), a.Flag(1))) },
        { "dictsort", "value case_sensitive? by? reverse?", DictSort },
        { "groupby", "value attribute default? case_sensitive?", (run, a) => GroupBy(run, a) },
        { "unique", "value case_sensitive? attribute?", (run, a) => new OneShot(Unique(run, a)) },
        { "max", "value case_sensitive? attribute?", (run, a) => Extreme(run, a, ">") },
        { "min", "value case_sensitive? attribute?", (run, a) => Extreme(run, a, "<") },
    };

    private static Func<object, object> Key(BoundArguments a, int caseSensitive, Func<object, object> read) =>
        a.Flag(caseSensitive) ? read : item => WithoutCase(read(item));

    // Of several attributes each counts without its case.
    private static object WithoutCase(object value) =>
        value is ListValue list ? new ListValue([.. list.Items().Select(AttributePath.WithoutCase)]) : AttributePath.WithoutCase(value);

    private static ListValue DictSort(Rendering run, BoundArguments a)
    {
        var dict = a[0] as DictValue ?? throw (a[0] as Undefined)?.Error()
            ?? new JinjaError($"'dictsort' needs a mapping, not {TypeNames.Of(a[0])}");
        var place = a.Text(2, "key") switch
        {
            "key" => 0,
            "value" => 1,
            _ => throw new JinjaError("You can only sort by either \"key\" or \"value\""),
        };
        return new ListValue(Ordering.Sort(run, new DictView("items", dict).Items(), Key(a, 1, pair => ((TupleValue)pair)[place]),
            a.Flag(3)));
    }

    private static ListValue GroupBy(Rendering run, BoundArguments a)
    {
        var read = AttributePath.Reader(a[1], a.Has(2) ? a[2] : null);
        var key = Key(a, 3, read);
        var groups = new List<object>();
        var members = new List<object>();
        foreach (var item in Ordering.Sort(run, a.Items(0), key, reverse: false))
        {
            if (members.Count > 0 && !Equality.Equal(run, key(members[0]), key(item)))
            {
                Close();
            }

            members.Add(item);
        }

        Close();
        return new ListValue(groups);

        void Close()
        {
            if (members.Count > 0)
            {
                groups.Add(new GroupValue(read(members[0]), new ListValue([.. members])));
                members.Clear();
            }
        }
    }

    private static IEnumerable<object> Unique(Rendering run, BoundArguments a)
    {
        var key = Key(a, 1, AttributePath.Reader(a.Or(2, NoneValue.Instance)));
        var seen = new DictValue(run);
        foreach (var item in Iteration.Of(a[0]))
        {
            if (!seen.TryGet(key(item), out _))
            {
                seen.Set(key(item), item);
                yield return item;
            }
        }
    }

    private static object Extreme(Rendering run, BoundArguments a, string sign)
    {
        var items = a.Items(0);
        if (items.Count == 0)
        {
            return new Undefined("No aggregated item, sequence was empty.");
        }

        var key = Key(a, 1, AttributePath.Reader(a.Or(2, NoneValue.Instance)));
        return items.Aggregate((best, item) => Ordering.Holds(run, sign, key(item), key(best)) ? item : best);
    }
}
