using ResLora.Text.Data.Labelling;

namespace ResLora.Tests.Text.Data.Labelling.Toy;

/// <summary>A task with labels of one's own: one entry.</summary>
internal static class ToyTask
{
    public static LabelledTaskSpec Spec { get; } = new()
    {
        Name = "toy",
        Summary = "Which of two moods a line has",
        Text = ["line", "text"],
        Label = ["mood"],
        Labels = new LabelSet(["sad", "glad"]),
        Metrics = [LabelMetric.Accuracy],
    };
}
