namespace ResLora.Text.Data.Labelling;

/// <summary>One example of a task with labels: a text or a pair of texts, and what is to be said about it.</summary>
/// <param name="Index">Its number in the data set: of the file's own column, else its place in the file from 0.</param>
/// <param name="Text">The text, or the first of two, as the file has it, white space included.</param>
/// <param name="SecondText">The second text; null for tasks on one text.</param>
public sealed record LabelledText(long Index, string Text, string? SecondText)
{
    /// <summary>The class, a place in the <see cref="LabelSet"/>; null for regression and without a label.</summary>
    public int? Label { get; init; }

    /// <summary>The score to predict; null for classification and without a label.</summary>
    public double? Score { get; init; }

    /// <summary>Whether there is something to compare a prediction with.</summary>
    public bool IsLabelled => Label is not null || Score is not null;
}
