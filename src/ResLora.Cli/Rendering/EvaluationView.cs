using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Workloads;
using ResLora.Text.Data.Tasks;
using ResLora.Training.Evaluation;
using Spectre.Console;

namespace ResLora.Cli.Rendering;

/// <summary>Shows what an evaluation measured.</summary>
internal static class EvaluationView
{
    /// <summary>The JSON document.</summary>
    public static object Document(EvaluationReport report) =>
        report.Labels is { } labels ? Document(report, labels) : report.Parts.Count > 0 ? OfPictures(report) : new
        {
            report.Task,
            report.Samples,
            report.Loss.Loss,
            report.Loss.Perplexity,
            ScoredTokens = report.Loss.Tokens,
            report.LeftOut,
            report.CutIntoWindows,
            report.CutAtTurns,
            report.ChatTemplate,
            report.GuessedColumns,
            report.Unanswered,
            ExactMatch = report.ExactMatch,
        };

    /// <summary>Draws it.</summary>
    public static void Draw(EvaluationReport report, IAnsiConsole terminal)
    {
        if (report.Labels is { } labels)
        {
            Draw(report, labels, terminal);
            return;
        }

        if (report.Parts.Count > 0)
        {
            terminal.Write(Tables.Facts(
            [
                new("task", $"{report.Task}, {Tables.Count(report.Samples)} pictures"),
                new(
                    "loss",
                    $"{Tables.Number(report.Loss.Loss)}, mean squared error over {Tables.Count(report.Loss.Tokens)} noisy pictures"),
                .. report.Parts.Select(part => KeyValuePair.Create(PartTable.Words(part.Key), Tables.Number(part.Value))),
            ]));
            return;
        }

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

        if (report.CutIntoWindows > 0)
        {
            facts.Add(
                new(
                    "windows",
                    $"{Tables.Count(report.CutIntoWindows)} texts are too long and were cut into windows, all of which are counted"));
        }

        if (report.CutAtTurns > 0)
        {
            facts.Add(new("cut", $"{Tables.Count(report.CutAtTurns)} conversations are too long and were cut at their oldest turns"));
        }

        if (report.ChatTemplate is { } template)
        {
            facts.Add(new("chat template", template));
        }

        if (OtherNames.Describe(report.GuessedColumns) is { } guessed)
        {
            facts.Add(new("columns", guessed));
        }

        if (report.Unanswered > 0)
        {
            facts.Add(new("unanswered", $"{report.Unanswered} prompts fill all of the model's positions"));
        }

        if (report.ExactMatch is { } score)
        {
            facts.Add(new("exact match", Text(score)));
        }

        terminal.Write(Tables.Facts(facts));
    }

    private static object OfPictures(EvaluationReport report) =>
        new { report.Task, report.Samples, report.Loss.Loss, NoisyPictures = report.Loss.Tokens, report.Parts };

    private static object Document(EvaluationReport report, LabelScores labels) => new
    {
        report.Task,
        report.Samples,
        report.Truncated,
        report.Loss.Loss,
        labels.Score,
        labels.Metrics,
        labels.Report,
    };

    private static void Draw(EvaluationReport report, LabelScores labels, IAnsiConsole terminal)
    {
        terminal.Write(Tables.Facts(
        [
            new("task", $"{report.Task}, {Tables.Count(report.Samples)} samples{(report.Truncated > 0 ? $", {report.Truncated} cut to the limit" : "")}"),
            new("loss", $"{Tables.Number(report.Loss.Loss)} a sample"),
            .. labels.Metrics.Select(metric => KeyValuePair.Create(metric.Key, Tables.Number(metric.Value))),
            new("score", Tables.Number(labels.Score)),
        ]));
        if (labels.Report is { } classes)
        {
            terminal.Write(Classes(classes, terminal.Profile.Width));
        }
    }

    /// <summary>A row for each right label: how well it is found, and what it is taken for; where that is too wide, what most
    /// often.</summary>
    private static TextTable Classes(ClassificationReport report, int width)
    {
        var whole = Classes(
            report,
            report.Classes.Select(label => $"as {label.Label}>"),
            row => report.Confusion[row].Select(count => Tables.Count(count)));
        return whole.Fits(width) ? whole : Classes(report, ["most often taken for"], row => [MostOften(report, row)]);
    }

    private static TextTable Classes(ClassificationReport report, IEnumerable<string> more, Func<int, IEnumerable<string>> moreOf)
    {
        var table = Tables.Of(["label", "precision>", "recall>", "F1>", "samples>", .. more]);
        for (var row = 0; row < report.Classes.Count; row++)
        {
            var found = report.Classes[row];
            table.Row([
                found.Label, Tables.Number(found.Precision), Tables.Number(found.Recall), Tables.Number(found.F1), Tables.Count(found.Support),
                .. moreOf(row),
            ]);
        }

        return table;
    }

    private static string MostOften(ClassificationReport report, int right)
    {
        var (count, label) = report.Confusion[right].Select(
            (count, said) => (said == right ? 0 : count, report.Classes[said].Label)).MaxBy(said => said.Item1);
        return count == 0 ? "" : $"{label} ({Tables.Count(count)})";
    }

    /// <summary>A score with its interval.</summary>
    public static string Text(Score score) =>
        $"{Tables.Percent(score.Accuracy)} ({score.Correct} of {score.Total}; 95 % interval {Tables.Percent(score.Low)} to {Tables.Percent(score.High)})";
}
