using System.Numerics;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Whole numbers in equal steps.</summary>
internal sealed class RangeValue : SequenceValue
{
    /// <summary>Makes a range.</summary>
    /// <param name="start">The first number.</param>
    /// <param name="stop">Where it ends; not in it.</param>
    /// <param name="step">The step; not 0.</param>
    public RangeValue(BigInteger start, BigInteger stop, BigInteger step)
    {
        (Start, Stop, Step) = (start, stop, step);
        var distance = step > 0 ? stop - start : start - stop;
        var size = BigInteger.Abs(step);
        var count = distance > 0 ? (distance + size - 1) / size : 0;
        Count = count <= Rendering.MaxRange
            ? (int)count
            : throw new JinjaError($"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({Rendering.MaxRange})");
    }

    public BigInteger Start { get; }

    public BigInteger Stop { get; }

    public BigInteger Step { get; }

    public override int Count { get; }

    public override object this[int index] => Start + (Step * index);

    public override SequenceValue With(IReadOnlyList<object> items) => new ListValue(items);
}
