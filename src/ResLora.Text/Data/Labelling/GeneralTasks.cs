using static ResLora.Text.Data.Labelling.LabelMetric;

namespace ResLora.Text.Data.Labelling;

/// <summary>Tasks on any file: columns <c>text</c>, <c>text2</c> (may be missing) and <c>label</c>, or as the user names them.</summary>
internal static class GeneralTasks
{
    public static LabelledTaskSpec Classification { get; } = new()
    {
        Name = "classification",
        Summary = "Any file with a text (or two) and a label",
        Text = ["text"],
        SecondText = ["text2"],
        SecondTextIsOptional = true,
        Metrics = [Accuracy, MacroF1],
        ScoreMetrics = [Accuracy],
    };

    public static LabelledTaskSpec Regression { get; } = new()
    {
        Name = "regression",
        Summary = "Any file with a text (or two) and a number to predict",
        Text = ["text"],
        SecondText = ["text2"],
        SecondTextIsOptional = true,
        IsRegression = true,
        Metrics = [Pearson, Spearman],
    };
}
