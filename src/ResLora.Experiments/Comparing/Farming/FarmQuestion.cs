namespace ResLora.Experiments.Comparing.Farming;

/// <summary>What number 0 asks another rank several times in a second, which answers at once.</summary>
/// <param name="Task">What it is to begin; null for nothing new.</param>
/// <param name="Stops">Whether it is to end what it does.</param>
/// <param name="Leaves">Whether all is done; this one is not answered.</param>
internal sealed record FarmQuestion(FarmTask? Task, bool Stops, bool Leaves);
