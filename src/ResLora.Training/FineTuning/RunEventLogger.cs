using Microsoft.Extensions.Logging;
using ResLora.Training.Loop;

namespace ResLora.Training.FineTuning;

/// <summary>
/// Tells a logger what a run reports: evaluations, checkpoints and notes as information, single steps as debug messages. It writes on the
/// thread that trains.
/// </summary>
/// <param name="logger">The logger.</param>
public sealed partial class RunEventLogger(ILogger logger) : IProgress<RunEvent>
{
    /// <inheritdoc />
    public void Report(RunEvent value)
    {
        switch (value)
        {
            case StepDone step:
                Step(logger, step.Step, step.TotalSteps, step.Loss, step.LearningRate, step.GradientNorm, step.Speed, step.SpeedUnit);
                break;
            case EvaluationDone evaluation:
                foreach (var (name, metric) in evaluation.Metrics)
                {
                    Evaluation(logger, evaluation.Step, name, metric, evaluation.IsBest);
                }

                break;
            case CheckpointSaved checkpoint:
                Checkpoint(logger, checkpoint.Step, checkpoint.Path);
                break;
            case EarlyStopped stopped:
                Stopped(logger, stopped.Step, stopped.Reason);
                break;
            case Note note:
                Said(logger, note.Step, note.Text);
                break;
        }
    }

    [LoggerMessage(
        1, LogLevel.Debug,
        "Step {Step} of {TotalSteps}: loss {Loss}, learning rate {LearningRate}, gradient norm {GradientNorm}, {Speed} {SpeedUnit}/s")]
    private static partial void Step(
        ILogger logger, int step, int totalSteps, double loss, double learningRate, double gradientNorm, double speed, string speedUnit);

    [LoggerMessage(2, LogLevel.Information, "Step {Step}: {Metric} {Value} (best so far: {IsBest})")]
    private static partial void Evaluation(ILogger logger, int step, string metric, double value, bool isBest);

    [LoggerMessage(3, LogLevel.Information, "Step {Step}: checkpoint {Path}")]
    private static partial void Checkpoint(ILogger logger, int step, string path);

    [LoggerMessage(4, LogLevel.Information, "Step {Step}: stopped early. {Reason}")]
    private static partial void Stopped(ILogger logger, int step, string reason);

    [LoggerMessage(5, LogLevel.Warning, "Step {Step}: {Text}")]
    private static partial void Said(ILogger logger, int step, string text);
}
