using System.Numerics;
using System.Text;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Python's operators on two values.</summary>
internal static class Arithmetic
{
    /// <summary>Applies an operator.</summary>
    /// <param name="rendering">The rendering.</param>
    /// <param name="sign">The operator.</param>
    /// <param name="left">The left value.</param>
    /// <param name="right">The right value.</param>
    /// <exception cref="JinjaError">The values do not have this operator.</exception>
    public static object Apply(Rendering rendering, string sign, object left, object right)
    {
        if (((left as Undefined) ?? (right as Undefined)) is { } undefined && !(sign == "%" && left is string))
        {
            throw undefined.Error();
        }

        if (Numbers.Are(left, right))
        {
            return Numbers.Whole(left) is { } l && Numbers.Whole(right) is { } r
                ? Whole(sign, l, r)
                : Float(sign, Numbers.Float(left)!.Value, Numbers.Float(right)!.Value);
        }

        return sign switch
        {
            "+" => Add(rendering, left, right),
            "*" => Repeat(rendering, left, right),
            "%" when left is string text => PercentFormat.Apply(rendering, text, right),
            "%" when left is Markup markup => new Markup(PercentFormat.Apply(rendering, markup.Text, right)),
            _ => throw Unsupported(sign, left, right),
        };
    }

    /// <summary>Applies a sign in front.</summary>
    public static object Negate(object value) => value switch
    {
        double number => -number,
        _ => Numbers.Whole(value) is { } whole ? -whole : throw BadUnary("-", value),
    };

    /// <summary>Applies a plus in front.</summary>
    public static object Plus(object value) => value switch
    {
        double => value,
        _ => Numbers.Whole(value) is { } whole ? whole : throw BadUnary("+", value),
    };

    /// <summary>A number without its sign.</summary>
    public static object Absolute(object value) => value switch
    {
        double number => Math.Abs(number),
        _ => Numbers.Whole(value) is { } whole ? BigInteger.Abs(whole)
            : throw (value as Undefined)?.Error() ?? new JinjaError($"bad operand type for abs(): '{TypeNames.Of(value)}'"),
    };

    private static JinjaError BadUnary(string sign, object value) =>
        (value as Undefined)?.Error() ?? new JinjaError($"bad operand type for unary {sign}: '{TypeNames.Of(value)}'");

    private static object Whole(string sign, BigInteger left, BigInteger right) => sign switch
    {
        "+" => Numbers.Checked(left + right),
        "-" => Numbers.Checked(left - right),
        "*" => Numbers.Checked(left * right),
        "/" => Quotient(left, right),
        "//" => Numbers.FloorDivide(left, NotZero(right, "integer division or modulo by zero")),
        "%" => Numbers.Modulo(left, NotZero(right, "integer modulo by zero")),
        _ when right >= 0 => Numbers.Power(left, right),
        _ => Power(Numbers.ToFloat(left), Numbers.ToFloat(right)),
    };

    private static double Quotient(BigInteger left, BigInteger right)
    {
        NotZero(right, "division by zero");
        var divisor = BigInteger.GreatestCommonDivisor(left, right);
        return Numbers.ToFloat(left / divisor) / Numbers.ToFloat(right / divisor);
    }

    private static double Float(string sign, double left, double right) => sign switch
    {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / NotZero(right, "float division by zero"),
        "//" => Floor(left, NotZero(right, "float floor division by zero")),
        "%" => Numbers.Modulo(left, NotZero(right, "float modulo by zero")),
        _ => Power(left, right),
    };

    private static double Floor(double left, double right)
    {
        var quotient = (left - Numbers.Modulo(left, right)) / right;
        var floor = Math.Floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    private static double Power(double left, double right) =>
        left == 0 && right < 0 ? throw new JinjaError("zero to a negative power")
        : left < 0 && !double.IsInteger(right) && double.IsFinite(right)
            ? throw new JinjaError("a fraction as the power of a negative number is a complex number, which is not supported")
        : Math.Pow(left, right) is var value && double.IsInfinity(value) && double.IsFinite(left) && double.IsFinite(right)
            ? throw new JinjaError("the result is too large for a float")
        : value;

    private static T NotZero<T>(T value, string message)
        where T : INumber<T> => T.IsZero(value) ? throw new JinjaError(message) : value;

    private static object Add(Rendering rendering, object left, object right)
    {
        switch (left, right)
        {
            case (string l, string r):
                rendering.SpendText((long)l.Length + r.Length);
                return l + r;
            case (Markup or string, Markup or string):
                rendering.SpendText((long)PythonText.Plain(left).Length + PythonText.Plain(right).Length);
                return new Markup(Escaped(left) + Escaped(right));
            case (ListValue l, ListValue r):
                rendering.SpendItems((long)l.Count + r.Count);
                return new ListValue([.. l.Items(), .. r.Items()]);
            case (TupleValue l, TupleValue r):
                rendering.SpendItems((long)l.Count + r.Count);
                return new TupleValue([.. l.Items(), .. r.Items()]);
            case (string, _):
                throw new JinjaError($"can only concatenate str (not \"{TypeNames.Of(right)}\") to str");
            default:
                throw Unsupported("+", left, right);
        }
    }

    private static string Escaped(object value) => value is Markup markup ? markup.Text : Markup.Escape((string)value).Text;

    private static object Repeat(Rendering rendering, object left, object right)
    {
        var (repeated, times) = Numbers.Whole(right) is { } behind ? (left, behind) : Numbers.Whole(left) is { } before ? (right, before)
            : (left, -1);
        if (repeated is not (string or Markup or ListValue or TupleValue) || ReferenceEquals(repeated, left)
            && Numbers.Whole(right) is null)
        {
            throw Unsupported("*", left, right);
        }

        var count = (int)BigInteger.Clamp(times, 0, int.MaxValue);
        if (repeated is SequenceValue sequence)
        {
            rendering.SpendItems((long)sequence.Count * count);
            return sequence.With([.. Enumerable.Range(0, sequence.Count == 0 ? 0 : count).SelectMany(_ => sequence.Items())]);
        }

        var text = PythonText.Plain(repeated);
        rendering.SpendText((long)text.Length * count);
        var result = text.Length == 0 ? "" : new StringBuilder(text.Length * count).Insert(0, text, count).ToString();
        return repeated is Markup ? new Markup(result) : result;
    }

    private static JinjaError Unsupported(string sign, object left, object right) =>
        new($"unsupported operand type(s) for {(sign == "**" ? "** or pow()" : sign)}: '{TypeNames.Of(left)}' and '{TypeNames.Of(right)}'");
}
