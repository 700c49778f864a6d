using ResLora.Statistics.Judging;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>Puts an arm's figures together.</summary>
/// <param name="arm">The arm.</param>
/// <param name="reference">The arm that the others are held against.</param>
/// <param name="general">The base model's loss on the general text; null without one.</param>
/// <param name="score">The estimate of the arm's score, over seeds and test samples.</param>
/// <param name="meaning">What the score is.</param>
internal sealed class FigureBuilder(FinishedArm arm, FinishedArm reference, double? general, Estimate score, ScoreMeaning meaning)
{
    /// <summary>The figures by name, those that were not measured left out.</summary>
    public IReadOnlyDictionary<string, Figure> Build()
    {
        Convergence?[] reached = [.. arm.Runs.Zip(reference.Runs, (run, other) => Convergence.Of(run.Trace, other.Trace))];
        (FigureKind Kind, Func<FinishedRun, double?> Value)[] measured =
        [
            (FigureKind.Loss, run => run.Test.Test!.Loss),
            (FigureKind.TrainLoss, run => run.Trace.Smoothed()[^1]),
            (FigureKind.MergedScore, run => run.Test.Merged?.Score),
            (FigureKind.MergedLoss, run => run.Test.Merged?.Loss),
            (FigureKind.MergeCost, run => run.Test.Merged?.Loss - run.Test.Test!.Loss),
            (FigureKind.General, run => run.Test.General),
            (FigureKind.Forgotten, run => run.Test.General - general),
            (FigureKind.Speed, run => run.Trace.Count / run.Trace.Seconds),
            (FigureKind.Seconds, run => run.Trace.Seconds),
            (FigureKind.PeakMemory, run => run.Record.PeakMemory),
        ];
        var figures = new Dictionary<string, Figure>
        {
            [FigureKind.Score.Key] = Figure.Of([.. arm.Runs.Select(run => (double?)run.Test.Test!.Score)], score, meaning.Range),
        };
        foreach (var (kind, value) in measured)
        {
            double?[] values = [.. arm.Runs.Select(value)];
            if (values.Any(one => one is not null))
            {
                figures[kind.Key] = Figure.Of(values, kind.Least);
            }
        }

        figures[FigureKind.StepsToReference.Key] = Figure.Of([.. reached.Select(one => (double?)one?.Steps)], 0);
        figures[FigureKind.TokensToReference.Key] = Figure.Of([.. reached.Select(one => one?.Read)], 0);
        figures[FigureKind.SecondsToReference.Key] = Figure.Of([.. reached.Select(one => one?.Seconds)], 0);
        return figures;
    }
}
