using ResLora.Experiments.Evaluating;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what an evaluation measured.</summary>
internal static class EvaluationView
{
    /// <summary>The JSON document.</summary>
    public static object Document(EvaluationReport report) => new
    {
        report.Task,
        report.Samples,
        report.Loss.Loss,
        report.Loss.Perplexity,
        ScoredTokens = report.Loss.Tokens,
        report.LeftOut,
        ExactMatch = report.ExactMatch,
    };

    /// <summary>Draws it.</summary>
    public static void Draw(EvaluationReport report, IAnsiConsole terminal)
    {
        var facts = new List<KeyValuePair<string, string>>
        {
            new("task", $"{report.Task}, {Tables.Count(report.Samples)} samples"),
            new("loss", $"{Tables.Number(report.Loss.Loss)} nats a token over {Tables.Count(report.Loss.Tokens)} tokens"),
            new("perplexity", Tables.Number(report.Loss.Perplexity)),
        };
        if (report.LeftOut > 0)
        {
            facts.Add(new("left out", $"{report.LeftOut} samples are too long for the loss"));
        }

        if (report.ExactMatch is { } score)
        {
            facts.Add(new("exact match", Text(score)));
        }

        terminal.Write(Tables.Facts(facts));
    }

    /// <summary>A score with its interval.</summary>
    public static string Text(Score score) =>
        $"{Tables.Percent(score.Accuracy)} ({score.Correct} of {score.Total}; 95 % interval {Tables.Percent(score.Low)} to {Tables.Percent(score.High)})";
}
