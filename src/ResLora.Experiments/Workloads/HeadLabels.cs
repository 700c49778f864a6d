using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data.Labelling;

namespace ResLora.Experiments.Workloads;

/// <summary>Joins the labels of data with the outputs of a head.</summary>
internal static class HeadLabels
{
    /// <summary>The labels that a trained head stands for in a task's data; null for scores.</summary>
    /// <param name="task">The task.</param>
    /// <param name="head">The head.</param>
    /// <param name="model">The model's name, for errors.</param>
    /// <exception cref="ConfigException">The head predicts something else.</exception>
    public static LabelSet? Of(LabelMeasures task, ModelHead head, string model)
    {
        if (head.Kind != (task.IsRegression ? ModelHeadKind.Score : ModelHeadKind.Labels))
        {
            throw Misfit(task, task.Labels, head, model);
        }

        // Many published models number their labels and name none; the task's order is then the one that counts.
        var labels = task.IsRegression ? null : task.Labels is { } own && IsUnnamed(head, own.Count) ? own : new LabelSet(head.Labels);
        Require(task, task.IsRegression ? null : task.Labels ?? labels, head, model);
        return labels;
    }

    /// <summary>The task for a head whose own task is not known.</summary>
    public static LabelledTask GeneralTask(ModelHead head) =>
        LabelledTaskRegistry.Get(head.Kind == ModelHeadKind.Score ? "regression" : "classification");

    /// <summary>Whether a head has the same labels in another order.</summary>
    public static bool SameInOtherOrder(LabelSet labels, ModelHead head) =>
        head.Kind == ModelHeadKind.Labels && !labels.Names.SequenceEqual(head.Labels) && AreSame(labels, head);

    /// <summary>Requires that a head predicts a task's labels or score.</summary>
    /// <param name="task">The task.</param>
    /// <param name="labels">Its labels; null for a score.</param>
    /// <param name="head">The head.</param>
    /// <param name="model">The model's name, for errors.</param>
    /// <exception cref="ConfigException">It does not.</exception>
    public static void Require(LabelMeasures task, LabelSet? labels, ModelHead head, string model)
    {
        var fits = labels is null
            ? head.Kind == ModelHeadKind.Score
            : head.Kind == ModelHeadKind.Labels && (AreSame(labels, head) || IsUnnamed(head, labels.Count));
        if (!fits)
        {
            throw Misfit(task, labels, head, model);
        }
    }

    private static ConfigException Misfit(LabelMeasures task, LabelSet? labels, ModelHead head, string model)
    {
        var wanted = task.IsRegression ? "a score" : labels is null ? "labels" : $"the labels {string.Join(", ", labels.Names)}";
        return new ConfigException($"Task '{task.Name}' has {wanted} to predict, and {model} predicts {Text(head)}; take the model or adapter that was trained for it.");
    }

    private static bool AreSame(LabelSet labels, ModelHead head) =>
        labels.Count == head.Outputs && head.Labels.All(name => labels.Find(name) is not null);

    private static bool IsUnnamed(ModelHead head, int count) =>
        head.Kind == ModelHeadKind.Labels && head.Labels.SequenceEqual(ModelHead.OfOutputs(count).Labels);

    private static string Text(ModelHead head) => head.Kind switch
    {
        ModelHeadKind.Score => "a score",
        ModelHeadKind.MaskedTokens => "masked tokens",
        _ => $"the labels {string.Join(", ", head.Labels)}",
    };
}
