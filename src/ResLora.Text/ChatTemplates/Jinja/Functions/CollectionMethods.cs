using System.Numerics;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>The methods of lists, tuples and mappings that change nothing.</summary>
internal static class CollectionMethods
{
    /// <summary>Of lists and tuples.</summary>
    public static FunctionTable Sequences { get; } = new()
    {
        { "count", "self value", (run, a) => (BigInteger)((SequenceValue)a[0]).Items().Count(item => Equality.Equal(run, item, a[1])) },
        { "index", "self value start? stop?", Index },
        { "copy", "self", (_, a) => a[0] },
    };

    /// <summary>Of mappings.</summary>
    public static FunctionTable Dicts { get; } = new()
    {
        { "get", "self key default?", (_, a) => ((DictValue)a[0]).TryGet(Key(a[1]), out var value) ? value : a.Or(2, NoneValue.Instance) },
        { "items", "self", (_, a) => new DictView("items", (DictValue)a[0]) },
        { "keys", "self", (_, a) => new DictView("keys", (DictValue)a[0]) },
        { "values", "self", (_, a) => new DictView("values", (DictValue)a[0]) },
        { "copy", "self", (_, a) => a[0] },
    };

    private static object Key(object key)
    {
        DictValue.RequireHashable(key);
        return key;
    }

    private static object Index(Rendering run, BoundArguments a)
    {
        var sequence = (SequenceValue)a[0];
        var (start, stop) = (Place(a.Whole(2, 0)), Place(a.Whole(3, int.MaxValue)));
        for (var i = start; i < stop; i++)
        {
            if (Equality.Equal(run, sequence[i], a[1]))
            {
                return (BigInteger)i;
            }
        }

        throw new JinjaError($"{PythonText.Quoted(run, a[1])} is not in {TypeNames.Of(sequence)}");

        int Place(int bound) => (int)Math.Clamp(bound < 0 ? (long)bound + sequence.Count : bound, 0, sequence.Count);
    }
}
