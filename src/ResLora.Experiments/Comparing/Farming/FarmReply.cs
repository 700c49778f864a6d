namespace ResLora.Experiments.Comparing.Farming;

/// <summary>What a rank says to a <see cref="FarmQuestion"/>.</summary>
/// <param name="Answer">What came of its task, told once; null while it is at it or has none.</param>
internal sealed record FarmReply(FarmAnswer? Answer);
