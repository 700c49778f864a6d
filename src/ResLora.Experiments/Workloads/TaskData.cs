using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Text.Data.Chat;
using ResLora.Text.Data.Labelling;
using ResLora.Training;
using ResLora.Training.Distributed;
using ResLora.Training.Generation;
using ResLora.Training.Loop;
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

    /// <summary>What the loss in training is called beside that of validation, which may be weighted otherwise.</summary>
    public virtual string TrainingLoss => "training";

    /// <summary>The head that learns it; null where the network's own outputs do.</summary>
    public virtual ModelHead? Head => null;

    /// <summary>How the labels to learn are spread; empty without labels.</summary>
    public virtual IReadOnlyList<ClassShare> Balance => [];

    /// <summary>The task's names of columns to those of the file that were taken for them.</summary>
    public virtual IReadOnlyDictionary<string, string> GuessedColumns => new Dictionary<string, string>();

    /// <summary>What the first sample asks of a model that answers; null for other tasks.</summary>
    public virtual string? Prompt => null;

    /// <summary>
    /// What its samples were written with, once they are encoded: <c>model</c> for the model's own chat template, else the text of another;
    /// null for none.
    /// </summary>
    public virtual string? ChatTemplate => null;

    /// <summary>The first caption, for a model that makes pictures; null for other tasks.</summary>
    public virtual string? PicturePrompt => null;

    /// <summary>What there is to say of the data before it is learnt, by name.</summary>
    /// <param name="data">The same data as examples.</param>
    public abstract IEnumerable<KeyValuePair<string, string>> Facts(EncodedData data);

    /// <summary>Makes examples.</summary>
    /// <param name="session">The network with what belongs to it.</param>
    /// <param name="terms">By which rules.</param>
    /// <returns>The examples.</returns>
    /// <exception cref="ResLoraException">The samples do not fit the network.</exception>
    public abstract EncodedData Encode(ModelSession session, EncodingTerms terms);

    /// <summary>
    /// What each sample gives the network, as texts that are equal where it is: by it samples of two data sets are found to be the same.
    /// </summary>
    /// <param name="heldOut">Whether they are of the samples held out.</param>
    /// <exception cref="FileFormatException">A file cannot be read.</exception>
    public abstract IEnumerable<string> Inputs(bool heldOut);

    /// <summary>The first samples as tokens, to look at.</summary>
    /// <param name="session">The network with what belongs to it.</param>
    /// <param name="terms">By which rules.</param>
    /// <param name="count">How many samples.</param>
    /// <returns>The samples; null where they are no texts to go on with.</returns>
    public virtual IReadOnlyList<ShownSample>? Show(ModelSession session, EncodingTerms terms, int count) => null;

    /// <summary>Makes ready what takes long to compute and is computed once, before the network is trained. Default: nothing.</summary>
    /// <param name="session">The network, with its weights.</param>
    /// <param name="progress">Is told how far it is; null for nobody.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="ResLoraException">Files cannot be used.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public virtual void Prepare(ModelSession session, IProgress<RunEvent>? progress, CancellationToken stop)
    {
    }

    /// <summary>Somebody who makes more of a run while it goes on, such as pictures at every evaluation. Default: nobody.</summary>
    /// <param name="session">The network, with its adapter.</param>
    /// <param name="samples">Which pictures are wanted.</param>
    /// <param name="runFolder">The run's folder.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>Who is told what happens; null for nobody.</returns>
    /// <exception cref="ResLoraException">Files cannot be used.</exception>
    public virtual IRunWatcher? Watch(ModelSession session, SamplesConfig samples, string runFolder, CancellationToken stop) => null;

    /// <summary>What a session's network is trained for on this data.</summary>
    /// <param name="session">The network.</param>
    /// <param name="packing">Whether batches are packed where the objective can.</param>
    public abstract Objective ObjectiveFor(ModelSession session, bool packing);

    /// <summary>What the learning rate of a parameter is multiplied by. Default: 1.</summary>
    /// <param name="parameter">The parameter's dotted name.</param>
    public virtual double RateFactor(string parameter) => 1;

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

    /// <summary>What a network answers to the samples that are not held out.</summary>
    /// <param name="session">The network.</param>
    /// <param name="terms">How.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>The answers; null where none are generated.</returns>
    public virtual ExactMatchResult? Answers(ModelSession session, MeasuringTerms terms, CancellationToken stop) => null;

    /// <summary>The share of right answers that a network generates for the samples held out, 0 to 1.</summary>
    /// <param name="session">The network.</param>
    /// <param name="batchSize">Samples answered at a time.</param>
    /// <param name="ranks">The processes that answer together.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>The share; null where no answers are generated.</returns>
    public virtual double? ExactMatchOfValidation(ModelSession session, int batchSize, ICommunicator ranks, CancellationToken stop) => null;
}
