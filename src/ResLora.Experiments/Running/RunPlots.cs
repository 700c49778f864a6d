using System.Text.Json;
using ResLora.Experiments.Plots;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Running;

/// <summary>The pictures of a run, drawn from its metrics.jsonl.</summary>
internal static class RunPlots
{
    private const string Step = "step";
    private const string Loss = "loss";
    private const string EvaluationPrefix = "eval_";
    private const string Unmerged = EvaluationPrefix + Loss;

    /// <summary>
    /// Writes loss.png, and evaluation.png when merged models were scored twice or more. A picture that cannot be written is a warning: the
    /// run is worth more.
    /// </summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="task">The task's name, for the titles.</param>
    /// <param name="unit">What the losses are measured in.</param>
    /// <param name="training">What the loss in training is called.</param>
    public static void Write(RunFolder folder, string task, string unit, string training = "training")
    {
        try
        {
            Draw(folder, task, unit, training);
        }
        catch (Exception error) when (Picture.CannotBeDrawn(error) || error is JsonException)
        {
            Warnings.Add($"The pictures of {folder.Path} cannot be drawn: {error.Message}");
        }
    }

    private static void Draw(RunFolder folder, string task, string unit, string training)
    {
        var curves = Curves(folder.MetricsFile);
        LossCurve[] losses =
        [
            .. curves.Where(curve => curve.Name == Loss).Select(curve => curve with { Name = training }),
            .. curves.Where(curve => curve.Name == Unmerged).Select(curve => curve with { Name = "validation" }),
        ];
        if (losses is [{ Losses.Count: > 1 }, ..])
        {
            LossPlot.Write(folder.LossPlot, $"{task}: loss", losses, $"loss ({unit})");
        }

        LossCurve[] scored =
        [
            .. curves.Where(curve => curve.Name.StartsWith(EvaluationPrefix, StringComparison.Ordinal))
                .Select(curve => curve with { Name = Legend(curve.Name) }),
        ];
        if (scored.Length > 1 && scored.Max(curve => curve.Losses.Count) > 1)
        {
            LossPlot.Write(folder.EvaluationPlot, $"{task}: validation loss, unmerged and merged", scored, $"validation loss ({unit})");
        }
    }

    private static LossCurve[] Curves(string metricsFile) =>
    [
        .. File.ReadLines(metricsFile)
            .Select(line => JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(line)!)
            .SelectMany(line => line
                // A number that is none is a string in JSON, and no point of a curve.
                .Where(value => value.Key.EndsWith(Loss, StringComparison.Ordinal) && value.Value.ValueKind == JsonValueKind.Number)
                .Select(value => (value.Key, Point: (line[Step].GetInt32(), value.Value.GetDouble()))))
            .GroupBy(value => value.Key, value => value.Point)
            .Select(group => new LossCurve(group.Key, [.. group])),
    ];

    private static string Legend(string metric) => metric == Unmerged
        ? "unmerged"
        : metric[EvaluationPrefix.Length..^(Loss.Length + 1)].Replace('_', ' ');
}
