using System.Text.Json.Serialization;
using ResLora.Statistics.Intervals;

namespace ResLora.Experiments.Judging;

/// <summary>What a classifier says of a set of pictures.</summary>
/// <param name="Pictures">How many there are.</param>
/// <param name="Labels">How many of them it gives each label, in the order of its outputs.</param>
/// <param name="Distance">How far they are from real pictures; null when there are none to compare with.</param>
public sealed record JudgeReport(
    int Pictures,
    IReadOnlyList<LabelShare> Labels,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PictureDistance? Distance);

/// <summary>How many pictures got a label.</summary>
/// <param name="Label">The label.</param>
/// <param name="Count">How many pictures.</param>
/// <param name="Share">The part of all, 0 to 1.</param>
/// <param name="Low">The lower end of Wilson's 95 % interval of that part.</param>
/// <param name="High">The upper end.</param>
public sealed record LabelShare(string Label, int Count, double Share, double Low, double High)
{
    /// <summary>Reckons the part and its interval.</summary>
    /// <param name="label">The label.</param>
    /// <param name="count">How many pictures have it.</param>
    /// <param name="total">How many there are, at least 1.</param>
    /// <returns>The share.</returns>
    public static LabelShare Of(string label, int count, int total)
    {
        var interval = ProportionInterval.Wilson(count, total);
        return new LabelShare(label, count, (double)count / total, interval.Low, interval.High);
    }
}

/// <summary>A Fréchet distance of features, and that of real pictures from each other.</summary>
/// <param name="Real">How many real pictures it was measured to.</param>
/// <param name="Value">The distance (<see cref="Training.Evaluation.FrechetDistance"/>).</param>
/// <param name="FloorPictures">How many real pictures each draw took for the pictures.</param>
/// <param name="FloorMean">The mean distance of the draws from the other real pictures.</param>
/// <param name="FloorLow">The lowest distance of a draw.</param>
/// <param name="FloorHigh">The highest distance of a draw.</param>
public sealed record PictureDistance(int Real, double Value, int FloorPictures, double FloorMean, double FloorLow, double FloorHigh);
