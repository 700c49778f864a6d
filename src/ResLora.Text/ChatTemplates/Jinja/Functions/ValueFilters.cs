using System.Numerics;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>Filters of single values: numbers, what is not there, JSON.</summary>
internal static class ValueFilters
{
    /// <summary>All of them.</summary>
    public static FunctionTable All { get; } = new()
    {
        { "abs", "value", (_, a) => Arithmetic.Absolute(a[0]) },
        { "attr", "value name", (_, a) => Members.Attribute(a[0], a.AsText(1)) },
        { "default|d", "value default_value? boolean?", (_, a) =>
            a[0] is Undefined || (a.Flag(2) && !Truth.Of(a[0])) ? a.Or(1, "") : a[0] },
        { "float", "value default?", (_, a) => ToFloat(a[0]) is { } number ? number : a.Or(1, 0.0) },
        { "int", "value default? base?", (_, a) => ToWhole(a[0], a.Whole(2, 10)) is { } number ? number : a.Or(1, BigInteger.Zero) },
        { "round", "value precision? method?", (_, a) => Round(a) },
        { "tojson", "value ensure_ascii? indent? separators? sort_keys?", (run, a) => ToJson(run, a) },
    };

    private static double? ToFloat(object value) => value switch
    {
        Undefined undefined => throw undefined.Error(),
        string or Markup => Numbers.ParseFloat(PythonText.Plain(value)),
        _ => Numbers.Float(value),
    };

    private static BigInteger? ToWhole(object value, int radix) => value switch
    {
        Undefined undefined => throw undefined.Error(),
        string or Markup => Numbers.ParseWhole(PythonText.Plain(value), radix) ?? Truncated(Numbers.ParseFloat(PythonText.Plain(value))),
        double number => Truncated(number),
        _ => Numbers.Whole(value),
    };

    private static BigInteger? Truncated(double? number) => number is { } there && double.IsFinite(there) ? new BigInteger(there) : null;

    private static object Round(BoundArguments a)
    {
        var method = a.Text(2, "common");
        var places = a.Whole(1, 0);
        var whole = Numbers.Whole(a[0]);
        var number = Numbers.Float(a[0]) ?? throw (a[0] as Undefined)?.Error()
            ?? new JinjaError($"type {TypeNames.Of(a[0])} doesn't define __round__ method");
        if (method == "common")
        {
            return whole is { } exact ? RoundWhole(exact, places) : FloatText.Round(number, places);
        }

        var factor = Math.Pow(10, places);
        return method switch
        {
            "ceil" => Math.Ceiling(number * factor) / factor,
            "floor" => Math.Floor(number * factor) / factor,
            _ => throw new JinjaError("method must be common, ceil or floor"),
        };
    }

    private static BigInteger RoundWhole(BigInteger number, int places)
    {
        if (places >= 0 || places < -4300)
        {
            return places >= 0 ? number : 0;
        }

        var unit = BigInteger.Pow(10, -places);
        var floor = Numbers.FloorDivide(number, unit);
        var twice = (2 * Numbers.Modulo(number, unit)).CompareTo(unit);
        return (floor + (twice > 0 || (twice == 0 && !floor.IsEven) ? 1 : 0)) * unit;
    }

    private static string ToJson(Rendering run, BoundArguments a)
    {
        string? indent = null;
        if (a.Has(2))
        {
            indent = a[2] as string;
            if (indent is null)
            {
                run.SpendText(Math.Max(0, a.Whole(2)));
                indent = new string(' ', Math.Max(0, a.Whole(2)));
            }
        }

        var separators = (indent is null ? ", " : ",", ": ");
        if (a.Has(3))
        {
            separators = a[3] is SequenceValue { Count: 2 } two && two[0] is string item && two[1] is string key
                ? (item, key)
                : throw new JinjaError("'tojson' needs two texts as separators");
        }

        return new JsonText(run, a.Flag(1), indent, separators, a.Flag(4)).Of(a[0]);
    }
}
