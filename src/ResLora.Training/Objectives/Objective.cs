using ResLora.Formats;
using ResLora.Models;
using ResLora.Tensors.NativeRuntime;
using ResLora.Training.Distributed;
using static TorchSharp.torch;

namespace ResLora.Training.Objectives;

/// <summary>
/// What a network is trained for: how examples become a batch, what is lost on it, and what is measured on held-out data. The training
/// loop knows no more of a network and its data than this.
/// </summary>
/// <param name="model">The network, borrowed.</param>
public abstract class Objective(Network model)
{
    /// <summary>The name of the mean loss on held-out data.</summary>
    public const string LossMetric = "eval_loss";

    /// <summary>The network, borrowed.</summary>
    public Network Model => model;

    /// <summary>The processes that measure together, each of which has the network. Default: this one alone.</summary>
    public ICommunicator Ranks { get; set; } = SingleProcess.Instance;

    /// <summary>The names of what <see cref="Measure"/> gives, the loss first.</summary>
    public abstract IReadOnlyList<string> Metrics { get; }

    /// <summary>What an example lacks whose <see cref="TargetsOf"/> is 0, such as <c>no label</c>.</summary>
    public abstract string NothingToLearn { get; }

    /// <summary>What in the data does not go with the network, a sentence; null when all is well.</summary>
    /// <param name="examples">All examples of a run.</param>
    /// <returns>The problem, or null.</returns>
    public virtual string? Problem(IEnumerable<IExample> examples) => null;

    /// <summary>How many predictions an example trains; none makes it useless.</summary>
    /// <param name="example">The example.</param>
    /// <returns>The count, 0 or more.</returns>
    public abstract int TargetsOf(IExample example);

    /// <summary>The names of the parts of the data whose losses are told beside that of all, in order. Default: none.</summary>
    public virtual IReadOnlyList<string> Parts => [];

    /// <summary>Which of <see cref="Parts"/> an example that is measured belongs to. Default: the first, which is all.</summary>
    /// <param name="example">The example.</param>
    /// <returns>The place among the parts, from 0.</returns>
    public virtual int PartOf(IExample example) => 0;

    /// <summary>The name of a part's mean loss on held-out data.</summary>
    /// <param name="part">One of <see cref="Parts"/>.</param>
    public static string MetricOf(string part) => $"eval_{part}";

    /// <summary>What a run's speed is told in, a plural. Default: tokens.</summary>
    public virtual string SpeedUnit => "tokens";

    /// <summary>How many of <see cref="SpeedUnit"/> an example is. Default: its size.</summary>
    /// <param name="example">The example.</param>
    /// <returns>The count.</returns>
    public virtual int CountOf(IExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        return example.Size;
    }

    /// <summary>
    /// How much of .NET's own memory a step may take, in bytes, with what is made ready beside it: so much is not collected until the step
    /// is over (<see cref="CollectionPause"/>). Default 16 MiB.
    /// </summary>
    public virtual long ManagedRoom => CollectionPause.UsualRoom;

    /// <summary>
    /// Says which examples the next step takes, so that they can be made ready while this one is computed. Default: nothing is done.
    /// </summary>
    /// <param name="next">The examples.</param>
    public virtual void Expect(IReadOnlyList<IExample> next)
    {
    }

    /// <summary>Puts examples together for one forward pass. What it draws at random comes from libtorch's generator.</summary>
    /// <param name="examples">The examples, at least one.</param>
    /// <returns>The batch, owned by the caller.</returns>
    public abstract Batch Collate(IReadOnlyList<IExample> examples);

    /// <summary>Whether values are predicted; else one of several tokens or labels is.</summary>
    public virtual bool PredictsValues => false;

    /// <summary>What the network predicts of a batch.</summary>
    /// <param name="batch">The batch, borrowed.</param>
    /// <returns>New tensor in float32, owned by the caller: [N, labels] or [N, V] scores, or values, one row for each target.</returns>
    public abstract Tensor Predictions(Batch batch);

    /// <summary>Σ of the loss over the batch's targets, in float32; divided by their number it is the mean.</summary>
    /// <param name="batch">The batch, borrowed.</param>
    /// <returns>New scalar, owned by the caller.</returns>
    public virtual Tensor LossSum(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var scope = NewDisposeScope();
        return LossSum(Predictions(batch), batch.Targets).MoveToOuterDisposeScope();
    }

    /// <summary>Σ of the loss of predictions: −log softmax at the target, or the squared error of a value.</summary>
    /// <param name="predictions">As <see cref="Predictions"/> gives them, borrowed.</param>
    /// <param name="targets">[N], borrowed.</param>
    /// <returns>New scalar, owned by the caller.</returns>
    public virtual Tensor LossSum(Tensor predictions, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentNullException.ThrowIfNull(targets);
        using var scope = NewDisposeScope();
        var loss = PredictsValues
            ? nn.functional.mse_loss(predictions.squeeze(-1), targets, nn.Reduction.Sum)   // [N, 1] -> [N]
            : nn.functional.cross_entropy(predictions, targets, reduction: nn.Reduction.Sum);
        return loss.MoveToOuterDisposeScope();
    }

    /// <summary>Runs the layers on a batch with its mask, for whoever listens to the network's hooks.</summary>
    /// <param name="batch">The batch, borrowed.</param>
    public abstract void Forward(Batch batch);

    /// <summary>
    /// Measures the network on held-out examples, in evaluation mode. Results are equal for every batch size up to rounding.
    /// </summary>
    /// <param name="examples">The examples, at least one.</param>
    /// <param name="batchSize">Examples in one forward pass.</param>
    /// <param name="stop">Ends the measurement between two batches.</param>
    /// <returns>Results by name.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public abstract IReadOnlyDictionary<string, double> Measure(IReadOnlyList<IExample> examples, int batchSize, CancellationToken stop);
}
