using ResLora.Text.Data.Labelling;

namespace ResLora.Training.Evaluation;

/// <summary>What a classifier gets right and what it takes for what.</summary>
/// <param name="Accuracy">The share of right labels, 0 to 1.</param>
/// <param name="MacroF1">The mean F1 of the classes that are there or were predicted, 0 to 1.</param>
/// <param name="Classes">Every class in order.</param>
/// <param name="Confusion">A row for each right class, in it the count of each predicted class.</param>
public sealed record ClassificationReport(
    double Accuracy, double MacroF1, IReadOnlyList<ClassScore> Classes, IReadOnlyList<IReadOnlyList<int>> Confusion)
{
    /// <summary>Puts names to counts.</summary>
    /// <param name="matrix">The counts.</param>
    /// <param name="labels">The names of its classes.</param>
    /// <returns>The report.</returns>
    public static ClassificationReport Of(ConfusionMatrix matrix, LabelSet labels)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(labels);
        return new ClassificationReport(
            matrix.Accuracy,
            matrix.MacroF1,
            [.. labels.Names.Select((name, k) => new ClassScore(name, matrix.Precision(k), matrix.Recall(k), matrix.F1(k), matrix.Support(k)))],
            [.. Enumerable.Range(0, matrix.Classes).Select(k => (int[])[.. Enumerable.Range(0, matrix.Classes).Select(p => matrix[k, p])])]);
    }
}
