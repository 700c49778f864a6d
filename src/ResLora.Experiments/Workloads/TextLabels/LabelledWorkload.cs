using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using ResLora.Text.Data.Tasks;
using ResLora.Training;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads.TextLabels;

/// <summary>Texts, and pairs of texts, with labels or scores.</summary>
internal sealed class LabelledWorkload : TextWorkload
{
    /// <inheritdoc />
    public override IReadOnlyList<string> Tasks { get; } = [.. LabelledTaskRegistry.All.Select(task => task.Name)];

    /// <inheritdoc />
    public override bool Fits(Network network) => network is EncoderModel;

    /// <inheritdoc />
    public override string Misfit(string task, string model) =>
        $"Task '{task}' has labels or scores of texts to predict, and {model} is no encoder of texts; take a BERT or a RoBERTa, or a task that this model can do.";

    /// <inheritdoc />
    public override IEnumerable<string> Problems(DataConfig data) => base.Problems(data).Concat(data.GivenForGeneration());

    /// <inheritdoc />
    public override (string Task, string Reason) FindTask(string data) => TaskFinder.Find(data, isForEncoder: true);

    /// <inheritdoc />
    public override TaskData Read(RunSource source, Network network, bool headIsNew)
    {
        // An adapter to start from brings its own head, which the base model's says nothing of.
        var saved = source.Adapter is { } from && headIsNew ? ModelHeadFile.Read(from) : null;
        var head = saved ?? network.Head!;
        var texts = Read(source, head);
        if (!headIsNew || saved is not null)
        {
            HeadLabels.Require(texts.Kind, texts.Train.Labels, head, saved is null ? source.Model : source.Adapter!);
        }

        return texts;
    }

    /// <inheritdoc />
    public override TaskData Read(GivenData given, ModelSession session)
    {
        var task = LabelledTaskRegistry.Get(given.Task, given.Columns);
        var labels = HeadLabels.Of(task, session.Encoder.Head, given.ModelName ?? session.ModelFolder);
        return new LabelledTexts(
            task, task.Read(given.Path, given.Split, labels, given.Limit) with { Labels = labels }, [])
        { Place = given.Path };
    }

    /// <inheritdoc />
    public override LabelMeasures MeasuresOf(string task, int labels) => LabelledTaskRegistry.Get(task);

    /// <inheritdoc />
    public override MeasuredExamples Invent(ModelSession session, int seed, string purpose) => RandomTexts.Make(session, seed);

    /// <inheritdoc />
    public override PredictionInputs Inputs(PredictionSource source, ModelSession session, IEnumerable<string> lines)
    {
        var task = source.Task is { } name ? LabelledTaskRegistry.Get(name, source.Columns) : null;
        var head = session.Encoder.Head;
        if (head.Kind == ModelHeadKind.MaskedTokens)
        {
            throw new ConfigException($"{session.ModelFolder}: this model fills in masked tokens and says nothing about a text; give the adapter that was trained on it (--adapter), or a merged model.");
        }

        var labels = task is null ? null : HeadLabels.Of(task, head, session.ModelFolder);
        var encoding = new LabelledEncoding(session.Tokenizer, session.Encoder, source.MaxLength, source.Truncation);
        return new PredictionInputs(
            new TextLabelObjective(session.Encoder, task ?? HeadLabels.GeneralTask(head), labels),
            head.Kind == ModelHeadKind.Score ? null : labels?.Names ?? head.Labels,
            Texts(source, task, labels, lines).Select(text => new PredictionInput(text.Index, encoding.Tokenize(text).Sample)));
    }

    private static IEnumerable<LabelledText> Texts(PredictionSource source, LabelledTask? task, LabelSet? labels, IEnumerable<string> lines)
    {
        if (task is not null && source.Data is { } data)
        {
            return task.Read(data, TaskSplit.Test, labels).Texts;
        }

        TextRows.Check(source.Columns);
        var rows = new TextRows(source.Columns);
        return source.Data is { } path ? rows.Read(path) : rows.Parse(lines);
    }

    private static LabelledTexts Read(RunSource source, ModelHead head)
    {
        var data = source.Data;
        var task = LabelledTaskRegistry.Get(source.Task, new ColumnMap(data.Columns));
        var train = task.Read(data.Train, TaskSplit.Train, data.Labels is { } given ? new LabelSet(given) : null, data.Limit);
        if (data.Labels is null && train.Labels is { } labels && HeadLabels.SameInOtherOrder(labels, head))
        {
            // A head that knows these labels keeps its order.
            train = task.Read(data.Train, TaskSplit.Train, new LabelSet(head.Labels), data.Limit);
        }

        if (data.Validation is { } path)
        {
            var most = data.ValidationCount ?? DataConfig.UsualValidationCount;
            return new LabelledTexts(
                task,
                train,
                most == 0 ? [] : task.Read(path, TaskSplit.Validation, train.Labels, most).Texts)
            { Truncation = data.Truncation };
        }

        if (data.ValidationCount == 0)
        {
            return new LabelledTexts(task, train, []) { Truncation = data.Truncation };
        }

        var (kept, heldOut) = DataSplit.HoldOut(
            train.Texts, data.ValidationCount ?? DataSplit.UsualCount(train.Texts.Count, DataConfig.UsualValidationCount), data.SplitSeed);
        return new LabelledTexts(task, train with { Texts = kept }, heldOut) { Truncation = data.Truncation };
    }
}
