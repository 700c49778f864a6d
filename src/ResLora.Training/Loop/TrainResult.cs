namespace ResLora.Training.Loop;

/// <summary>How a run ended.</summary>
/// <param name="Steps">The steps done, those before a resume included.</param>
/// <param name="LastLoss">The loss of the last step, in nats for each trained token; NaN when no step was done.</param>
/// <param name="BestMetric">The best value of the metric that decides; null when nothing was evaluated.</param>
/// <param name="BestStep">After how many steps it was reached; 0 when nothing was evaluated.</param>
/// <param name="Interrupted">Whether the run was stopped, or paused, before its end; it can be resumed.</param>
/// <param name="Losses">Every step's loss, by the number of steps done, from 1.</param>
public sealed record TrainResult(
    int Steps, double LastLoss, double? BestMetric, int BestStep, bool Interrupted, IReadOnlyList<(int Step, double Loss)> Losses)
{
    /// <summary>How many steps an earlier process had done, which this one went on from. Default 0.</summary>
    public int StepsBefore { get; init; }

    /// <summary>Whether the run stopped because it no longer improved.</summary>
    public bool StoppedEarly { get; init; }

    /// <summary>The results of the last evaluation by name; empty when nothing was evaluated.</summary>
    public IReadOnlyDictionary<string, double> LastMetrics { get; init; } = new Dictionary<string, double>();

    /// <summary>How the run ended in a line, and some of its losses in another.</summary>
    /// <returns>The text.</returns>
    public override string ToString()
    {
        const int shown = 10;
        static string Text(FormattableString text) => FormattableString.Invariant(text);
        var every = Math.Max(1, (Losses.Count + shown - 1) / shown);
        var some = Losses
            .Where((_, i) => i % every == 0 || i == Losses.Count - 1)
            .Select(loss => Text($"{loss.Step}: {loss.Loss:0.0000}"));
        var end = Interrupted ? "interrupted" : StoppedEarly ? "ended early" : "ended";
        var best = BestMetric is { } value ? Text($", best evaluation {value:0.0000} at step {BestStep}") : "";
        return Text($"{end} after {Steps} steps, last loss {LastLoss:0.0000}{best}\nlosses by step: {string.Join(", ", some)}");
    }
}
