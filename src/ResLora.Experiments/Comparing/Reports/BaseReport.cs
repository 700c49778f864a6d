namespace ResLora.Experiments.Comparing.Reports;

/// <summary>What was found of the model that all arms start from.</summary>
/// <param name="Score">Its score; null where it has no head for the task.</param>
/// <param name="Loss">Its test loss; null where it has no head for the task.</param>
/// <param name="GeneralLoss">Its loss on the general text; null without one.</param>
public sealed record BaseReport(double? Score, double? Loss, double? GeneralLoss);
