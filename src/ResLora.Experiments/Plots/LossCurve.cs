namespace ResLora.Experiments.Plots;

/// <summary>The training loss of one run.</summary>
/// <param name="Name">What the legend calls it.</param>
/// <param name="Losses">Steps done and the loss of the last of them, in nats a token.</param>
public sealed record LossCurve(string Name, IReadOnlyList<(int Step, double Loss)> Losses);
