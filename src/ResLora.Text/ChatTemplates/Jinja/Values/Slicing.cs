using System.Numerics;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Python's slices of texts, lists and tuples.</summary>
internal static class Slicing
{
    /// <summary>Cuts a part out.</summary>
    /// <exception cref="JinjaError">The value has no parts, or a bound is no whole number.</exception>
    public static object Cut(Rendering rendering, object value, SliceValue slice)
    {
        if (value is Undefined undefined)
        {
            throw undefined.Error();
        }

        var characters = value is string or Markup ? PythonText.Plain(value) : null;
        if (characters is null && value is not SequenceValue)
        {
            throw new JinjaError(value is DictValue ? "unhashable type: 'slice'" : $"'{TypeNames.Of(value)}' object is not subscriptable");
        }

        var length = Iteration.Length(value)!.Value;
        var (start, step, count) = Bounds(slice, length);
        if (characters is null)
        {
            rendering.SpendItems(count);
            if (value is RangeValue range)
            {
                var first = range.Start + (range.Step * start);
                return new RangeValue(first, first + (range.Step * step * count), range.Step * step);
            }

            return ((SequenceValue)value).With([.. Places(start, step, count).Select(place => ((SequenceValue)value)[place])]);
        }

        rendering.SpendText(length);
        var text = step == 1
            ? characters[CodePoints.Unit(characters, start)..CodePoints.Unit(characters, start + count)]
            : string.Concat(Places(start, step, count).Select(CodePoints.Each(characters).ToArray().ElementAt));
        return value is Markup ? new Markup(text) : text;
    }

    private static IEnumerable<int> Places(int start, int step, int count) => Enumerable.Range(0, count).Select(i => start + (i * step));

    // The bounds as Python clips them: with a step below 0 the ends are one further to the left.
    private static (int Start, int Step, int Count) Bounds(SliceValue slice, int length)
    {
        var step = (int)BigInteger.Clamp(Bound(slice.Step) ?? 1, -int.MaxValue, int.MaxValue);
        if (step == 0)
        {
            throw new JinjaError("slice step cannot be zero");
        }

        var (low, high) = step > 0 ? (0, length) : (-1, length - 1);
        var start = Clip(Bound(slice.Start) ?? (step > 0 ? low : high), slice.Start is NoneValue);
        var stop = Clip(Bound(slice.Stop) ?? (step > 0 ? high : low), slice.Stop is NoneValue);
        var distance = step > 0 ? (long)stop - start : (long)start - stop;
        var count = distance > 0 ? (distance - 1) / Math.Abs((long)step) + 1 : 0;
        return (start, step, (int)count);

        int Clip(BigInteger bound, bool isDefault) => (int)BigInteger.Clamp(bound < 0 && !isDefault ? bound + length : bound, low, high);
    }

    private static BigInteger? Bound(object value) => value switch
    {
        NoneValue => null,
        Undefined undefined => throw undefined.Error(),
        _ => Numbers.Whole(value) ?? throw new JinjaError("slice indices must be integers or None or have an __index__ method"),
    };
}
