namespace ResLora.Training.Evaluation;

/// <summary>How well one class is found. A share of nothing is 0.</summary>
/// <param name="Label">The class's name.</param>
/// <param name="Precision">The share of its predictions that is right, 0 to 1.</param>
/// <param name="Recall">The share of it that was found, 0 to 1.</param>
/// <param name="F1">Their harmonic mean, 0 to 1.</param>
/// <param name="Support">How often it is there.</param>
public sealed record ClassScore(string Label, double Precision, double Recall, double F1, int Support);
