using System.Text.Json;

namespace ResLora.Experiments.Plots;

/// <summary>Draws what a run's evaluations measured: the loss of the unmerged model and of every merge that was scored.</summary>
internal static class EvaluationPlot
{
    private const string Prefix = "eval_";
    private const string Suffix = "loss";

    /// <summary>Writes a PNG when there are merged losses of two evaluations or more.</summary>
    /// <param name="metricsFile">The run's metrics.jsonl.</param>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="title">The title.</param>
    /// <returns>Whether there was something to draw.</returns>
    public static bool Write(string metricsFile, string path, string title)
    {
        var curves = File.ReadLines(metricsFile)
            .Select(line => JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(line)!)
            .SelectMany(line => line
                .Where(value => value.Key.StartsWith(Prefix, StringComparison.Ordinal) && value.Key.EndsWith(Suffix, StringComparison.Ordinal))
                .Select(value => (value.Key, Point: (line["step"].GetInt32(), value.Value.GetDouble()))))
            .GroupBy(value => value.Key, value => value.Point)
            .Select(group => new LossCurve(Legend(group.Key), [.. group]))
            .ToArray();
        if (curves.Length < 2 || curves.Max(curve => curve.Losses.Count) < 2)
        {
            return false;
        }

        LossPlot.Write(path, title, curves, "validation");
        return true;
    }

    private static string Legend(string metric) => metric == Prefix + Suffix
        ? "unmerged"
        : metric[Prefix.Length..^(Suffix.Length + 1)].Replace('_', ' ');
}
