using System.Numerics;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>The methods and attributes of Python's own types.</summary>
internal static class MethodTable
{
    // Python has these; a template may not use those that change a value.
    private static readonly string[] _changing =
    [
        "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "popitem", "setdefault", "update",
    ];

    // Python has these, and nothing here needs them.
    private static readonly string[] _unsupported =
    [
        "encode", "maketrans", "translate", "fromkeys", "as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator",
            "from_bytes",
        "hex", "imag", "numerator", "to_bytes", "fromhex", "isdisjoint", "mapping",
    ];

    /// <summary>A method or attribute of a value.</summary>
    /// <param name="owner">The value.</param>
    /// <param name="name">Its name.</param>
    /// <returns>The method, bound to the value; null when there is none.</returns>
    /// <exception cref="JinjaError">Python has it, and it is not supported here.</exception>
    public static object? Find(object owner, string name)
    {
        var method = (owner switch
        {
            string or Markup => StringMethods.All,
            ListValue or TupleValue or RangeValue => CollectionMethods.Sequences,
            DictValue => CollectionMethods.Dicts,
            _ => null,
        })?.Find(name);
        if (method is not null)
        {
            return owner is TupleValue or RangeValue && name == "copy" ? null : new BoundMethod(owner, method);
        }

        return (owner, name) switch
        {
            (ListValue or DictValue, _) when Array.IndexOf(_changing, name) is >= 0 and var place
                && (owner is DictValue ? place > 6 || place is 3 or 5 : place < 8) =>
                Undefined.Unsafe(owner, name),
            (BigInteger or bool, "real") => owner,
            (double, "real") => owner,
            (double number, "is_integer") => new BoundMethod(owner, new NativeFunction(name, "self", (_, _) => double.IsInteger(number))),
            (RangeValue range, "start") => range.Start,
            (RangeValue range, "stop") => range.Stop,
            (RangeValue range, "step") => range.Step,
            (string or Markup, "encode" or "maketrans" or "translate") => throw Unsupported(owner, name),
            (DictValue, "fromkeys") => throw Unsupported(owner, name),
            (BigInteger or bool or double or DictView, _) when _unsupported.Contains(name, StringComparer.Ordinal) =>
                throw Unsupported(owner, name),
            _ => null,
        };
    }

    private static JinjaError Unsupported(object owner, string name) =>
        new($"'{name}' of {TypeNames.Of(owner)} is not supported");
}
