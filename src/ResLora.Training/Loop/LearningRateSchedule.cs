namespace ResLora.Training.Loop;

/// <summary>The learning rate of every step: a pure function of the step, so that there is no state to be saved.</summary>
/// <param name="config">Peak, shape and warm-up.</param>
/// <param name="totalSteps">How many steps the run has.</param>
public sealed class LearningRateSchedule(TrainConfig config, int totalSteps)
{
    /// <summary>W, the steps in which the rate rises.</summary>
    public int WarmupSteps { get; } = Math.Min(totalSteps, config.WarmupSteps ?? (int)Math.Ceiling(config.WarmupRatio * totalSteps));

    /// <summary>
    /// The rate of one step: peak · (step + 1) / W in the warm-up; then, with p = (step − W) / (total − W),
    /// peak · (1 − p) or peak · (1 + cos πp) / 2 or peak. No step is wasted on a rate of 0.
    /// </summary>
    /// <param name="step">The step, from 0.</param>
    /// <returns>The learning rate.</returns>
    public double At(int step)
    {
        if (step < WarmupSteps)
        {
            return config.LearningRate * (step + 1) / WarmupSteps;
        }

        var progress = (double)(step - WarmupSteps) / Math.Max(1, totalSteps - WarmupSteps);
        return config.LearningRate * config.Schedule switch
        {
            ScheduleKind.Linear => 1 - progress,
            ScheduleKind.Cosine => (1 + Math.Cos(Math.PI * progress)) / 2,
            _ => 1,
        };
    }
}
