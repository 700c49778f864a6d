using ResLora.Experiments.Predicting;
using ResLora.Experiments.Workloads;
using ResLora.Images;
using ResLora.Training.Evaluation;

namespace ResLora.Experiments.Evaluating;

/// <summary>A picture that got a wrong label.</summary>
/// <param name="Right">The right label's number.</param>
/// <param name="Said">The predicted label's number.</param>
/// <param name="Probability">How likely that was held to be, 0 to 1.</param>
/// <param name="Picture">Unpacks the picture.</param>
internal sealed record WorstMistake(int Right, int Said, double Probability, Func<PixelImage> Picture)
{
    /// <summary>The most mistakes that are shown.</summary>
    public const int Most = 24;

    /// <summary>The mistakes of the highest probability, the worst one first.</summary>
    /// <param name="rated">What was said of each sample.</param>
    /// <returns>The mistakes on pictures; empty for texts.</returns>
    public static IReadOnlyList<WorstMistake> Find(IReadOnlyList<RatedSample> rated) =>
    [
        .. rated
            .Where(sample => sample.Picture is not null)
            .Select(sample => Of(sample, LabelPrediction.Softmax(sample.Outputs)))
            .Where(mistake => mistake.Right != mistake.Said)
            .OrderByDescending(mistake => mistake.Probability)
            .Take(Most),
    ];

    private static WorstMistake Of(RatedSample sample, double[] shares)
    {
        var said = LabelScores.Highest(sample.Outputs);
        return new WorstMistake((int)sample.Target, said, shares[said], sample.Picture!);
    }
}
