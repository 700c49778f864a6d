using ResLora.Experiments.Workloads;
using ResLora.Training;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Comparing;

/// <summary>Measures a network on every sample of its task, so that two networks can be compared sample by sample.</summary>
/// <param name="data">The samples.</param>
/// <param name="kind">By what it is judged.</param>
/// <param name="terms">How it is measured.</param>
internal sealed class ItemScorer(TaskData data, ScoreKind kind, MeasuringTerms terms)
{
    /// <summary>Measures what a session's network does now.</summary>
    /// <param name="session">The network.</param>
    /// <param name="source">Where the data is from.</param>
    /// <param name="stop">Ends it.</param>
    public TestScore Measure(ModelSession session, string source, CancellationToken stop)
    {
        if (data.Head is not null)
        {
            return OfLabels(data.Measure(session, terms, stop));
        }

        var examples = data.Take(session, heldOut: false, int.MaxValue, source);
        var losses = Losses(examples, stop);
        var loss = losses.Average();
        if (examples.Answer is null || kind == ScoreKind.Loss)
        {
            return new TestScore(loss, loss, new Dictionary<string, double>(), new TestItems(losses));
        }

        var answers = data.Answers(session, terms, stop)!;
        return new TestScore(
            answers.Accuracy, loss, new Dictionary<string, double> { ["exact_match"] = answers.Accuracy },
            new TestItems(losses) { Right = [.. answers.Predictions.Select(prediction => prediction.Correct)] });
    }

    private TestScore OfLabels(Measurement found)
    {
        var isScore = found.LabelNames is null;
        double[] losses = [.. found.Rated.Select(sample => isScore ? Squared(sample) : CrossEntropy(sample))];
        double[] predicted = [.. found.Rated.Select(sample => isScore ? sample.Outputs[0] : LabelScores.Highest(sample.Outputs))];
        double[] expected = [.. found.Rated.Select(sample => sample.Target)];
        return new TestScore(
            kind == ScoreKind.Loss ? losses.Average() : found.Labels!.Score, losses.Average(), found.Labels!.Metrics,
            new TestItems(losses)
            {
                Right = isScore ? null : [.. expected.Zip(predicted, (right, said) => right == said)],
                Expected = expected,
                Predicted = predicted,
                Labels = found.LabelNames,
            });
    }

    /// <summary>One example a pass: batches of other company would round otherwise, and each loss is wanted by itself.</summary>
    private static double[] Losses(MeasuredExamples measured, CancellationToken stop)
    {
        // Of pictures that are denoised a sample is as many examples as there are parts, side by side.
        var group = Math.Max(1, measured.Objective.Parts.Count);
        var losses = new double[measured.Examples.Count / group];
        for (var i = 0; i < losses.Length; i++)
        {
            losses[i] = measured.Objective.Measure([.. measured.Examples.Skip(i * group).Take(group)], group, stop)[Objective.LossMetric];
        }

        NotFiniteException.ThrowIfAny(measured.Objective.Model, losses);
        return losses;
    }

    private static double Squared(RatedSample sample) => (sample.Outputs[0] - sample.Target) * (sample.Outputs[0] - sample.Target);

    /// <summary>−log softmax(z)[y], in double.</summary>
    private static double CrossEntropy(RatedSample sample)
    {
        double highest = sample.Outputs.Max();
        return highest + Math.Log(sample.Outputs.Sum(output => Math.Exp(output - highest))) - sample.Outputs[(int)sample.Target];
    }
}
