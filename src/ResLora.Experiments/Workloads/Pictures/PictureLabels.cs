using ResLora.Text.Data.Labelling;

namespace ResLora.Experiments.Workloads.Pictures;

/// <summary>What is measured of the labels of pictures.</summary>
internal static class PictureLabels
{
    private const int Places = 5;

    /// <summary>Accuracy, which is the score, and F1 of all classes; the first five places where there are more classes than
    /// these.</summary>
    /// <param name="classes">How many classes there are.</param>
    public static LabelMeasures Measures(int classes) => new(
        PictureWorkload.TaskName,
        [LabelMetric.Accuracy, .. classes > Places ? [LabelMetric.Top5Accuracy] : Array.Empty<LabelMetric>(), LabelMetric.MacroF1],
        [LabelMetric.Accuracy]);
}
