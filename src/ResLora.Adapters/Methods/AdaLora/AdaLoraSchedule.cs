using ResLora.Formats.Errors;

namespace ResLora.Adapters.Methods.AdaLora;

/// <summary>When AdaLoRA divides its budget, and how large it is then. Steps count from 1.</summary>
/// <param name="Warmup">Steps at the beginning in which nothing is pruned.</param>
/// <param name="Final">Steps at the end in which what is kept stays as it is.</param>
/// <param name="Total">All steps.</param>
/// <param name="Interval">Steps from one division to the next. Default 1.</param>
/// <remarks>arXiv:2303.10512, section 3.3: the budget falls by a cubic from all triplets to the target.</remarks>
public sealed record AdaLoraSchedule(int Warmup, int Final, int Total, int Interval = 1)
{
    /// <summary>The step of the last division.</summary>
    public int Last => Total - Final;

    /// <summary>The schedule of a run.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="steps">The steps of the run.</param>
    /// <returns>The schedule.</returns>
    /// <exception cref="ConfigException">The settings leave no step to prune in.</exception>
    public static AdaLoraSchedule Of(AdaLoraConfig config, int steps)
    {
        ArgumentNullException.ThrowIfNull(config);
        var schedule = new AdaLoraSchedule(config.WarmupSteps ?? steps / 10, config.FinalSteps ?? 3 * steps / 10, steps, config.Interval);
        return schedule.Warmup < schedule.Last
            ? schedule
            : throw new ConfigException(
                $"adapter: adaLora has {schedule.Warmup} steps of warm-up and {schedule.Final} final ones, which leave none to prune in of a run of {steps}; " +
                "set adaLora.warmupSteps and adaLora.finalSteps lower, or train longer.");
    }

    /// <summary>Whether importance is measured in a step.</summary>
    /// <param name="step">The step, from 1.</param>
    /// <returns>True before the last division.</returns>
    public bool Measures(int step) => step < Last;

    /// <summary>Whether the budget is divided behind a step.</summary>
    /// <param name="step">The step, from 1.</param>
    /// <returns>True at every interval behind the warm-up, and at the last division.</returns>
    public bool Divides(int step) => step == Last || (step > Warmup && step < Last && step % Interval == 0);

    /// <summary>How many triplets are kept behind a step: target + (initial - target) · (1 - (t - warm-up) / (last - warm-up))³.</summary>
    /// <param name="step">t, from 1.</param>
    /// <param name="initial">All triplets.</param>
    /// <param name="target">The triplets that are kept in the end.</param>
    /// <returns>The number, rounded down.</returns>
    public int Budget(int step, int initial, int target)
    {
        if (step <= Warmup)
        {
            return initial;
        }

        var left = step >= Last ? 0 : 1 - ((double)(step - Warmup) / (Last - Warmup));
        return (int)(((initial - target) * Math.Pow(left, 3)) + target);
    }
}
