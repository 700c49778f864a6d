using ResLora.Statistics.Judging;

namespace ResLora.Experiments.Comparing.Reports;

/// <summary>Puts an arm's figures together.</summary>
/// <param name="arm">The arm.</param>
/// <param name="reference">The arm that the others are held against.</param>
/// <param name="general">The base model's loss on the general text; null without one.</param>
/// <param name="score">What the score is, which is estimated over seeds and test samples.</param>
/// <param name="loss">The same of the loss.</param>
internal sealed class FigureBuilder(FinishedArm arm, FinishedArm reference, double? general, ScoreJudge score, ScoreJudge loss)
{
    /// <summary>The figures by name, those that were not measured left out.</summary>
    public IReadOnlyDictionary<string, Figure> Build()
    {
        Convergence?[] reached = [.. arm.Runs.Zip(reference.Runs, (run, other) => Convergence.Of(run.Trace, other.Trace))];
        (FigureKind Kind, Func<FinishedRun, double?> Value)[] measured =
        [
            (FigureKind.TrainLoss, run => run.Trace.Smoothed()[^1]),
            (FigureKind.MeanTrainLoss, run => run.Trace.MeanLoss),
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
            [FigureKind.Score.Key] = Judged(score, run => run.Test.Test!.Score),
            [FigureKind.Loss.Key] = Judged(loss, run => run.Test.Test!.Loss),
        };
        foreach (var (kind, value) in measured)
        {
            double?[] values = [.. arm.Runs.Select(value)];
            if (values.Any(one => one is not null))
            {
                figures[kind.Key] = kind == FigureKind.MergedScore
                    ? Figure.Of(values, score.Meaning.Range)
                    : Figure.Of(values, kind.Least);
            }
        }

        figures[FigureKind.StepsToReference.Key] = Figure.Of([.. reached.Select(one => (double?)one?.Steps)], 0);
        figures[FigureKind.TokensToReference.Key] = Figure.Of([.. reached.Select(one => one?.Read)], 0);
        figures[FigureKind.SecondsToReference.Key] = Figure.Of([.. reached.Select(one => one?.Seconds)], 0);
        return figures;
    }

    private Figure Judged(ScoreJudge by, Func<FinishedRun, double> value) =>
        Figure.Of([.. arm.Runs.Select(run => (double?)value(run))], Estimate.OfScore(by.Of(arm), by.Terms), by.Meaning.Range);
}
