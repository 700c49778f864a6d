using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data.Labelling;
using ResLora.Training;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Workloads;

/// <summary>The samples of a task as they were read: those to learn from or to measure, and those held out.</summary>
internal abstract class TaskData
{
    /// <summary>The task's name.</summary>
    public abstract string Task { get; }

    /// <summary>Whether samples were held out.</summary>
    public abstract bool HasValidation { get; }

    /// <summary>What its losses are measured in.</summary>
    public abstract string LossUnit { get; }

    /// <summary>The head that learns it; null where the network's own outputs do.</summary>
    public virtual ModelHead? Head => null;

    /// <summary>How the labels to learn are spread; empty without labels.</summary>
    public virtual IReadOnlyList<ClassShare> Balance => [];

    /// <summary>The task's names of columns to those of the file that were taken for them.</summary>
    public virtual IReadOnlyDictionary<string, string> GuessedColumns => new Dictionary<string, string>();

    /// <summary>What the first sample asks of a model that answers; null for other tasks.</summary>
    public virtual string? Prompt => null;

    /// <summary>What there is to say of the data before it is learnt, by name.</summary>
    /// <param name="data">The same data as examples.</param>
    public abstract IEnumerable<KeyValuePair<string, string>> Facts(EncodedData data);

    /// <summary>Makes examples.</summary>
    /// <param name="session">The network with what belongs to it.</param>
    /// <param name="terms">By which rules.</param>
    /// <returns>The examples.</returns>
    /// <exception cref="ResLoraException">The samples do not fit the network.</exception>
    public abstract EncodedData Encode(ModelSession session, EncodingTerms terms);

    /// <summary>What a session's network is trained for on this data.</summary>
    /// <param name="session">The network.</param>
    /// <param name="packing">Whether batches are packed where the objective can.</param>
    public abstract Objective ObjectiveFor(ModelSession session, bool packing);

    /// <summary>Takes examples that a merge is calibrated or measured on.</summary>
    /// <param name="session">The network.</param>
    /// <param name="heldOut">Whether they are of the samples held out.</param>
    /// <param name="count">How many at most, from the start.</param>
    /// <param name="source">Where the data is from, for the report.</param>
    /// <returns>The examples.</returns>
    public abstract MeasuredExamples Take(ModelSession session, bool heldOut, int count, string source);

    /// <summary>Measures how well a network does the task on the samples that are not held out.</summary>
    /// <param name="session">The network.</param>
    /// <param name="terms">How.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>The measurements.</returns>
    /// <exception cref="ConfigException">There is nothing to compare with.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public abstract Measurement Measure(ModelSession session, MeasuringTerms terms, CancellationToken stop);

    /// <summary>The share of right answers that a network generates for the samples held out, 0 to 1.</summary>
    /// <param name="session">The network.</param>
    /// <param name="batchSize">Samples answered at a time.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>The share; null where no answers are generated.</returns>
    public virtual double? ExactMatchOfValidation(ModelSession session, int batchSize, CancellationToken stop) => null;
}
