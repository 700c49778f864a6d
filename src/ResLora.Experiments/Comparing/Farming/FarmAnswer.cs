namespace ResLora.Experiments.Comparing.Farming;

/// <summary>What came of a task.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Text">What was found, as JSON; of a task that did not end well, why.</param>
internal sealed record FarmAnswer(FarmEnd End, string Text);
