using ResLora.Formats.Errors;

namespace ResLora.Experiments.Comparing;

/// <summary>What the validation data gave for a run, by which choices are made.</summary>
internal static class ValidationValue
{
    /// <summary>The value at the run's end, or at its pause.</summary>
    /// <param name="run">The run, which has come there.</param>
    /// <param name="metric">The metric's name.</param>
    /// <returns>The value; not a number when the run failed.</returns>
    /// <exception cref="ConfigException">The run did not measure it.</exception>
    public static double Of(PlannedRun run, string metric)
    {
        if (RunRecord.Find(run) is { Failure: not null })
        {
            return double.NaN;
        }

        var trace = RunTrace.Read(run.Folder.MetricsFile);
        var metrics = run.Config.Training.PauseAt is { } pause
            ? trace.Evaluations.LastOrDefault(evaluation => evaluation.Step == pause).Metrics
            : trace.LastMetrics;
        return metrics is not null && metrics.TryGetValue(metric, out var value)
            ? value
            : throw new ConfigException(
                $"'{run.Folder.Path}' measured no {metric}, by which runs are judged; set training.bestMetric to what it measures.");
    }
}
