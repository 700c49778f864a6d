using System.Numerics;
using ResLora.Text.ChatTemplates.Jinja.Functions;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>What <c>loop</c> stands for inside of a loop.</summary>
/// <param name="values">The values; asked for one ahead, or all when the length is wanted.</param>
/// <param name="depth">How many loops this one stands in by calling itself.</param>
/// <param name="again">Does the loop with other values; null for one that cannot.</param>
internal sealed class LoopValue(IEnumerable<object> values, int depth, Func<Rendering, object, string>? again)
    : CallableValue("loop"), IAttributes
{
    private readonly IEnumerator<object> _rest = values.GetEnumerator();
    private readonly Queue<object> _ahead = new();
    private int _index = -1;
    private object? _previous;
    private object? _current;
    private TupleValue? _changing;

    /// <summary>The value of this round.</summary>
    public object Current => _current!;

    /// <summary>Goes on to the next value.</summary>
    /// <returns>Whether there is one.</returns>
    public bool MoveNext()
    {
        if (Ahead() is not { } next)
        {
            return false;
        }

        _ahead.Dequeue();
        (_previous, _current) = (_current, next);
        _index++;
        return true;
    }

    public object? Attribute(string name) => name switch
    {
        "index" => (BigInteger)(_index + 1),
        "index0" => (BigInteger)_index,
        "revindex" => (BigInteger)(Length() - _index),
        "revindex0" => (BigInteger)(Length() - _index - 1),
        "first" => _index == 0,
        "last" => Ahead() is null,
        "length" => (BigInteger)Length(),
        "depth" => (BigInteger)(depth + 1),
        "depth0" => (BigInteger)depth,
        "previtem" => _previous ?? new Undefined("there is no previous item"),
        "nextitem" => Ahead() ?? new Undefined("there is no next item"),
        "cycle" => new NativeFunction(name, "*items", (_, a) => a.Further.Positional is { Count: > 0 } items
            ? items[_index % items.Count]
            : throw new JinjaError("no items for cycling given")),
        "changed" => new NativeFunction(name, "*items", (run, a) => Changed(run, new TupleValue(a.Further.Positional))),
        _ => null,
    };

    public override object Call(Rendering rendering, CallArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return again is null ? throw new JinjaError("The loop must have the 'recursive' marker to be called recursively.")
            : arguments is { Positional: [var further], Named.Count: 0 } ? again(rendering, further)
            : throw new JinjaError("'loop' takes the values of the inner loop and nothing else");
    }

    private object? Ahead()
    {
        if (_ahead.Count == 0 && _rest.MoveNext())
        {
            _ahead.Enqueue(_rest.Current);
        }

        return _ahead.Count > 0 ? _ahead.Peek() : null;
    }

    private int Length()
    {
        while (_rest.MoveNext())
        {
            _ahead.Enqueue(_rest.Current);
        }

        return _index + 1 + _ahead.Count;
    }

    private bool Changed(Rendering run, TupleValue items)
    {
        var changed = _changing is null || !Equality.Equal(run, _changing, items);
        _changing = items;
        return changed;
    }
}
