namespace ResLora.Training.Generation;

/// <summary>How many generated answers were right.</summary>
/// <param name="Correct">Right answers.</param>
/// <param name="Total">All answers, at least one.</param>
/// <param name="Predictions">Every answer, in the order of the samples.</param>
public sealed record ExactMatchResult(int Correct, int Total, IReadOnlyList<Prediction> Predictions)
{
    /// <summary>How many samples were not answered because their prompt leaves no room in the model.</summary>
    public int LeftOut { get; init; }

    /// <summary>The share of right answers, 0 to 1.</summary>
    public double Accuracy => (double)Correct / Total;
}

/// <summary>What a model answered to one sample.</summary>
/// <param name="Prompt">The prompt.</param>
/// <param name="Expected">The right answer.</param>
/// <param name="Generated">The text that was generated.</param>
/// <param name="Extracted">The answer found in it, or null.</param>
/// <param name="Correct">Whether the two answers are equal.</param>
public sealed record Prediction(string Prompt, string Expected, string Generated, string? Extracted, bool Correct);
