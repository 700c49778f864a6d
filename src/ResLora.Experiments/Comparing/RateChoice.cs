using ResLora.Formats.Errors;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>An arm's learning rate.</summary>
/// <param name="LearningRate">The rate.</param>
/// <param name="Tried">What was tried; empty where there was nothing to choose.</param>
internal sealed record RateChoice(double LearningRate, IReadOnlyList<TriedRate> Tried)
{
    /// <summary>The runs that try an arm's rates.</summary>
    /// <param name="plan">The comparison.</param>
    /// <param name="arm">The arm.</param>
    public static IEnumerable<PlannedRun> Runs(ComparePlan plan, PlannedArm arm) =>
        arm.Arm.LearningRates.Select(rate => PlannedRun.OfTuning(plan, arm, rate));

    /// <summary>Chooses by the last evaluation of the runs, which are done.</summary>
    /// <param name="plan">The comparison.</param>
    /// <param name="arm">The arm.</param>
    /// <exception cref="ResLoraException">A run has not measured the metric that decides.</exception>
    public static RateChoice Of(ComparePlan plan, PlannedArm arm)
    {
        if (arm.Arm.LearningRates.Count == 0)
        {
            return new RateChoice(arm.Arm.Run.Training.LearningRate, []);
        }

        var metric = arm.Arm.Run.Training.BestMetric;
        TriedRate[] tried =
            [.. Runs(plan, arm).Select(run => new TriedRate(run.Config.Training.LearningRate, ValidationValue.Of(run, metric)))];
        TriedRate[] sound = [.. tried.Where(one => double.IsFinite(one.Value))];
        if (sound.Length == 0)
        {
            throw new RunFailedException($"Arm '{arm.Arm.Name}': no learning rate of {string.Join(", ", arm.Arm.LearningRates)} gave a finite {metric}; try smaller ones.");
        }

        var best = TrainConfig.IsBetterSmall(metric) ? sound.MinBy(one => one.Value) : sound.MaxBy(one => one.Value);
        return new RateChoice(best!.LearningRate, tried);
    }
}
