using Microsoft.Extensions.Logging;
using ResLora.Training.FineTuning;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Training.FineTuning;

public sealed class RunEventLoggerTests
{
    [Fact]
    public void Report_EachKindOfEvent_IsALineOfItsLevel()
    {
        var logger = new Lines();
        var progress = new RunEventLogger(logger);

        progress.Report(new StepDone(3, 10, 1.5, 2e-4, 800, 0.25, TimeSpan.Zero));
        progress.Report(new EvaluationDone(5, new Dictionary<string, double> { ["eval_loss"] = 1.25, ["eval_score"] = 0.5 }, IsBest: true));
        progress.Report(new CheckpointSaved(5, "runs/x/checkpoints/step-000005"));
        progress.Report(new EarlyStopped(8, "No better for 3 evaluations."));
        progress.Report(new Note(9, "The disk is nearly full."));

        Assert.Equal(
            [
                "Debug: Step 3 of 10: loss 1.5, learning rate 0.0002, gradient norm 0.25, 800 tokens/s",
                "Information: Step 5: eval_loss 1.25 (best so far: True)",
                "Information: Step 5: eval_score 0.5 (best so far: True)",
                "Information: Step 5: checkpoint runs/x/checkpoints/step-000005",
                "Information: Step 8: stopped early. No better for 3 evaluations.",
                "Warning: Step 9: The disk is nearly full.",
            ],
            logger.Written);
    }

    private sealed class Lines : ILogger
    {
        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Add($"{logLevel}: {formatter(state, exception)}");
    }
}
