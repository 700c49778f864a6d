using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;

namespace ResLora.Experiments.Running;

/// <summary>The texts of a run on a task with labels, known before the model is loaded: its head depends on them.</summary>
/// <param name="Task">The task.</param>
/// <param name="Train">The training texts, with the labels in the order of the head's outputs.</param>
/// <param name="Validation">The validation texts; may be empty.</param>
internal sealed record LabelledTexts(LabelledTask Task, LabelledData Train, IReadOnlyList<LabelledText> Validation)
{
    /// <summary>The head that learns them.</summary>
    public ModelHead Head => Train.Labels is { } labels ? ModelHead.ForLabels(labels.Names) : ModelHead.Score;

    /// <summary>Reads the texts for a base model that is not loaded yet.</summary>
    /// <returns>The texts, or null when the task generates text.</returns>
    /// <exception cref="ResLoraException">Files cannot be used, or the model is no encoder.</exception>
    public static LabelledTexts? Of(RunConfig config)
    {
        if (!LabelledTaskRegistry.Has(config.Task))
        {
            return null;
        }

        using var model = ModelRegistry.Build(config.Model);
        // An adapter to start from brings its own head, which the base model's says nothing of.
        var saved = config.StartFrom is { } from ? ModelHeadFile.Read(from) : null;
        return Read(config, saved ?? RequireEncoder(model, config).Head);
    }

    /// <summary>Reads the texts for a model whose head is what it is.</summary>
    /// <returns>The texts, or null when the task generates text.</returns>
    /// <exception cref="ResLoraException">Files cannot be used, or the model's head does not fit the task.</exception>
    public static LabelledTexts? Of(RunConfig config, LanguageModel model)
    {
        if (!LabelledTaskRegistry.Has(config.Task))
        {
            return null;
        }

        var head = RequireEncoder(model, config).Head;
        var texts = Read(config, head);
        HeadLabels.Require(texts.Task, texts.Train.Labels, head, config.Model);
        return texts;
    }

    /// <summary>The model as an encoder.</summary>
    /// <exception cref="ConfigException">It is none.</exception>
    public static EncoderModel RequireEncoder(Network model, RunConfig config) => model as EncoderModel
        ?? throw new ConfigException($"Task '{config.Task}' has labels or scores to predict, and {config.Model} continues texts; take a BERT or a RoBERTa, or a task with text to generate.");

    private static LabelledTexts Read(RunConfig config, ModelHead head)
    {
        var data = config.Data;
        var task = LabelledTaskRegistry.Get(config.Task, new ColumnMap(data.Columns));
        var train = task.Read(data.Train, TaskSplit.Train, data.Labels is { } given ? new LabelSet(given) : null, data.Limit);
        if (data.Labels is null && train.Labels is { } labels && HeadLabels.SameInOtherOrder(labels, head))
        {
            // A head that knows these labels keeps its order.
            train = task.Read(data.Train, TaskSplit.Train, new LabelSet(head.Labels), data.Limit);
        }

        if (data.Validation is { } path)
        {
            var most = data.ValidationCount ?? DataConfig.UsualValidationCount;
            return new LabelledTexts(task, train, most == 0 ? [] : task.Read(path, TaskSplit.Validation, train.Labels, most).Texts);
        }

        if (data.ValidationCount == 0)
        {
            return new LabelledTexts(task, train, []);
        }

        var (kept, heldOut) = DataSplit.HoldOut(
            train.Texts, data.ValidationCount ?? DataSplit.UsualCount(train.Texts.Count, DataConfig.UsualValidationCount), data.SplitSeed);
        return new LabelledTexts(task, train with { Texts = kept }, heldOut);
    }
}
