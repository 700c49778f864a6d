using System.Numerics;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>The functions that every template sees: Jinja's own and those of transformers.</summary>
internal static class Globals
{
    /// <summary>All of them.</summary>
    public static FunctionTable All { get; } = new()
    {
        { "range", "start stop? step?", (run, a) => Range(run, a) },
        { "dict", "values? **named", (run, a) => Dict(run, a) },
        { "namespace", "values? **named", (run, a) => Namespace(Dict(run, a)) },
        { "cycler", "*items", (_, a) => new Cycler(a.Further.Positional) },
        { "joiner", "sep?", (_, a) => new Joiner(a.Text(0, ", ")) },
        { "raise_exception", "message", (_, a) => throw new JinjaError("the template refuses this conversation: " + a.AsText(0)) },
        { "strftime_now", "format", (run, a) => TimeText.Format(run.Now, a.Text(0)) },
        { "lipsum", "*arguments **named", (_, _) => throw new JinjaError("the function 'lipsum' of Jinja is not supported") },
    };

    private static RangeValue Range(Rendering run, BoundArguments a)
    {
        var (start, stop) = a.Values[1] is null ? (BigInteger.Zero, Bound(a[0])) : (Bound(a[0]), Bound(a[1]));
        var step = Bound(a.Or(2, BigInteger.One));
        var range = new RangeValue(start, stop, step.IsZero ? throw new JinjaError("range() arg 3 must not be zero") : step);
        run.Spend(1);
        return range;
    }

    private static BigInteger Bound(object value) => Numbers.Whole(value)
        ?? throw (value as Undefined)?.Error() ?? new JinjaError($"'{TypeNames.Of(value)}' object cannot be interpreted as an integer");

    private static DictValue Dict(Rendering run, BoundArguments a)
    {
        var dict = new DictValue(run);
        if (a.Values[0] is { } values)
        {
            foreach (var item in values is DictValue other ? new DictView("items", other).Items() : Iteration.Of(values))
            {
                var pair = Iteration.List(run, item);
                dict.Set(pair.Count == 2 ? pair[0] : throw new JinjaError("a mapping is made of pairs"), pair[1]);
            }
        }

        foreach (var (name, value) in a.Further.Named)
        {
            dict.Set(name, value);
        }

        return dict;
    }

    private static NamespaceValue Namespace(DictValue values)
    {
        var space = new NamespaceValue();
        foreach (var (name, value) in values.Entries)
        {
            space.Attributes[name as string ?? throw new JinjaError("attributes of a namespace have texts as names")] = value;
        }

        return space;
    }
}
