using ResLora.Experiments.Comparing.Reports;
using ResLora.Statistics.Judging;

namespace ResLora.Tests.Experiments.Comparing.Reports;

/// <summary>A report made up of numbers that are easy to find again.</summary>
internal static class SampleReport
{
    public static ComparisonReport Make(params double[] armScores)
    {
        double[] scores = armScores.Length > 0 ? armScores : [0.5, 0.625];
        string[] names = [.. scores.Select((_, i) => i == 0 ? "lora" : $"arm<{i}>")];
        return new ComparisonReport
        {
            Version = ComparisonReport.CurrentVersion,
            Program = "reslora 1",
            Machine = "a machine",
            Task = "sums",
            Score = new ScoreMeaning("exact match", ScoreMeaning.Share, false),
            ReadUnit = "tokens",
            LossUnit = "nats a token",
            TestSamples = 8,
            Seeds = [1, 2],
            Reference = "lora",
            Steps = 40,
            ReadBySeed = [400, 410],
            Base = new BaseReport(0.125, 2.5, null),
            Arms = [.. names.Select((name, i) => Arm(name, scores[i]))],
            Verdicts = Verdicts.Judge(
                Scores(names[0], scores[0]), [.. names.Skip(1).Select((name, i) => Scores(name, scores[i + 1]))], new VerdictTerms()),
            LossVerdicts = Verdicts.Judge(
                Scores(names[0], scores[0]), [.. names.Skip(1).Select((name, i) => Scores(name, scores[i + 1]))],
                new VerdictTerms { IsLowerBetter = true }),
            Sources = new Dictionary<string, string> { ["model"] = "abc" },
            Config = "model: base\n",
        };
    }

    private static ArmScores Scores(string name, double score)
    {
        // Other arms spread otherwise, or their differences would have no spread at all.
        var spread = 0.01 * name.Length;
        return ArmScores.OfScores(name, new Dictionary<long, double> { [1] = score - spread, [2] = score + spread });
    }

    private static ArmReport Arm(string name, double score) => new()
    {
        Name = name,
        Set = [],
        LearningRate = 0.001,
        Tried = [],
        TrainedParameters = 1234,
        FileBytes = 5678,
        Figures = new Dictionary<string, Figure>
        {
            [FigureKind.Score.Key] = new([score - 0.01, score + 0.01], score, score - 0.25, score + 0.25),
            [FigureKind.Loss.Key] = new([0.75, 0.875], 0.8125, 0.5, 1.125),
            [FigureKind.StepsToReference.Key] = new([30, null], null, null, null),
            [FigureKind.Seconds.Key] = new([10, 12], 11, 2, 20),
        },
        Curves = [Curve(1, 0), Curve(2, 1)],
    };

    private static Curve Curve(long seed, double more) => new(seed, [10, 20], [100, 200], [1, 2], [2 + more, 1 + more]);
}
