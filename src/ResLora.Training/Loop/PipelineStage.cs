using System.Globalization;
using ResLora.Adapters;
using ResLora.Models;
using ResLora.Tensors.NativeRuntime;
using ResLora.Text.Data;
using ResLora.Training.Distributed;
using ResLora.Training.Distributed.Pipeline;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>
/// One of the processes that train a model together of which each runs a share of the layers. The adapter, which is small, is whole in all
/// of them, and so is the sum of its gradients: each makes the same optimizer steps, and any could save the adapter. A block that blocks of
/// other stages read (block shortcut) gets its gradients from all of them by this alone.
/// </summary>
internal sealed class PipelineStage
{
    private readonly TrainSetup _setup;
    private readonly NextTokenObjective _objective;
    private readonly CausalLanguageModel _model;
    private readonly ILayeredModel _layered;
    private readonly AdaptedModel _adapter;
    private readonly IReadOnlyList<LayerShare> _shares;
    private readonly CutLink? _before;
    private readonly CutLink? _behind;
    private bool _hasGivenBadNumbers;

    private PipelineStage(TrainSetup setup)
    {
        _setup = setup;
        _objective = (NextTokenObjective)setup.Objective;
        _model = (CausalLanguageModel)setup.Model;
        _layered = StageShares.Layered(_model);
        _adapter = setup.Adapter!;
        _shares = StageShares.Of(_model, Ranks.Size);
        _before = Share.IsFirst ? null : Link(Ranks.Rank - 1, Share.First);
        _behind = Share.IsLast ? null : Link(Ranks.Rank + 1, Share.End);
    }

    private ICommunicator Ranks => _setup.Communicator;

    private LayerShare Share => _shares[Ranks.Rank];

    /// <summary>The process's stage.</summary>
    /// <param name="setup">The run, which <see cref="PipelineTerms"/> have let pass.</param>
    /// <returns>The stage; null for a run that is no pipeline.</returns>
    public static PipelineStage? Of(TrainSetup setup) => PipelineTerms.AreOf(setup) ? new PipelineStage(setup) : null;

    /// <summary>Makes the gradients of a step, each process those of its own layers' part of the loss.</summary>
    /// <param name="number">The step, from 1.</param>
    /// <param name="batches">The micro-batches, borrowed; the same in all processes.</param>
    /// <param name="targets">What their losses are divided by.</param>
    /// <param name="random">The run's random numbers, which stand at the same place in all processes.</param>
    /// <returns>The loss of each micro-batch in the last process, 0 in the others.</returns>
    public double[] Backward(int number, IReadOnlyList<Batch> batches, long targets, RunRandom random)
    {
        var passes = new (Crossing? Arrived, Crossing? Left)[batches.Count];
        var losses = new double[batches.Count];
        foreach (var (call, i) in MicroBatchSchedule.Of(Ranks.Rank, Ranks.Size, batches.Count))
        {
            ref var pass = ref passes[i];
            switch (call)
            {
                case StageCall.Receive:
                    pass.Arrived = _before?.ReceiveActivations();   // the end comes in evaluations alone
                    break;
                case StageCall.Forward:
                    using (random.Take(number, PlaceOf(i), RunRandom.Use.Dropout))
                    {
                        pass.Left = Forward((TokenBatch)batches[i], pass.Arrived, targets);
                    }

                    losses[i] = Deliver(pass.Left);
                    break;
                case StageCall.Backward:
                    Backward(pass.Left!, number, batches.Count * Ranks.Size, random);
                    pass.Left!.Dispose();
                    break;
                case StageCall.Return:
                    _before?.SendGradients(pass.Arrived!);
                    pass.Arrived?.Dispose();
                    break;
                default:
                    throw new InvalidOperationException($"There is no call {call}.");
            }
        }

        return losses;
    }

    /// <summary>Whether this process runs a module, or has a parameter, by dotted name.</summary>
    public bool Holds(string name) => _layered.Needs(Share, name);

    /// <summary>Measures the held-out samples as <see cref="NextTokenObjective"/> does, in evaluation mode.</summary>
    /// <param name="stop">Ends the measurement between two batches, in all processes where it is cancelled in one.</param>
    /// <returns>Results by name, the same in all processes.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <remarks>
    /// The first process ends it. That another one was asked to, it hears from the answers, which are given before the layers are run: no
    /// process waits for more than the one behind to be free.
    /// </remarks>
    public IReadOnlyDictionary<string, double> Measure(CancellationToken stop)
    {
        TokenizedSample[] samples = [.. _setup.Validation.Cast<TokenizedSample>()];
        var (sum, tokens, isAskedBehind) = (0.0, 0L, false);
        foreach (var group in Perplexity.Groups(samples, _setup.Config.BatchSize))
        {
            using var batch = TokenBatch.Collate(group, _objective.PadId, _model.Device);
            var isAsked = isAskedBehind || stop.IsCancellationRequested;
            using var arrived = _before?.ReceiveActivations();
            if (_before is null ? isAsked : arrived is null)
            {
                _behind?.SendEnd();
                throw new OperationCanceledException("A process was stopped.", stop);
            }

            _before?.SendAnswer(isAsked);
            using var left = Forward(batch, arrived, divisor: 1);
            sum += Deliver(left);
            isAskedBehind = _behind?.ReceiveAnswer() ?? false;
            tokens += batch.Targets.numel();
        }

        return NextTokenObjective.Named(Perplexity.Mean(Total(sum), tokens, samples.Length));
    }

    /// <summary>Names what made a loss not finite: the first tensor that is not, in the order of the layers, among what is trained, the
    /// weights, and what the layers have given. To be asked in all processes.</summary>
    /// <returns>The name, and where it is of another process, which.</returns>
    public string FirstBadTensor()
    {
        var own = FiniteTensors.First(_setup.Trainable.Select(p => (p.Key, (Tensor)p.Value)))
            ?? FiniteTensors.First(_model.named_parameters().Where(p => Holds(p.name)).Select(p => (p.name, (Tensor)p.parameter)))
            ?? (_hasGivenBadNumbers ? string.Create(CultureInfo.InvariantCulture, $"the output of layer {Share.End - 1}") : null);
        return Ranks.FirstNamed(own) ?? "the loss";
    }

    /// <summary>What the process that has a weight makes of it, in all processes.</summary>
    /// <param name="parameter">The weight's name in the model.</param>
    /// <param name="make">Makes it; called in that process alone.</param>
    public byte[] FromOwner(string parameter, Func<byte[]> make)
    {
        var owner = _shares.Index().First(share => _layered.Needs(share.Item, parameter)).Index;
        return Ranks.Broadcast(owner == Ranks.Rank ? make() : [], owner);
    }

    /// <summary>The place of a micro-batch in this process among all passes: no two drop the same.</summary>
    private int PlaceOf(int microBatch) => (microBatch * Ranks.Size) + Ranks.Rank;

    private CutLink Link(int other, int layer) =>
        new(Ranks, other, new ShortcutCut(_adapter, name => _layered.Needs(new LayerShare(0, layer, Share.Of), name)));

    /// <summary>Runs the layers: from what has arrived to what leaves the stage, which is the loss at the end.</summary>
    private Crossing Forward(TokenBatch batch, Crossing? arrived, long divisor)
    {
        CollectionPause.Between();
        using var scope = NewDisposeScope();
        using var pass = _adapter.BeginPass(batch.TokenMask);
        if (arrived is not null)
        {
            _before!.Cut.Enter(pass, arrived.Carried);
        }

        var hidden = _layered.Run(Share, arrived?.Hidden ?? batch.Ids, batch.Packed);
        _hasGivenBadNumbers |= !FiniteTensors.IsFinite(hidden);
        return _behind is null
            ? new Crossing([TokenLoss.Sum(_model, batch, hidden) / divisor], [])
            : Crossing.Leaving(hidden, _behind.Cut.Leaving(pass));
    }

    /// <summary>Sends what leaves the stage.</summary>
    /// <returns>The loss at the end, 0 before it.</returns>
    private double Deliver(Crossing left)
    {
        _behind?.SendActivations(left);
        return _behind is null ? left.Hidden.item<float>() : 0;
    }

    private void Backward(Crossing left, int number, int place, RunRandom random)
    {
        CollectionPause.Between();
        using var scope = NewDisposeScope();
        Tensor[] trained = [.. left.Tensors.Where(tensor => tensor.requires_grad)];
        var gradients = _behind?.ReceiveGradients(left) ?? [.. trained.Select(tensor => ones_like(tensor))];
        if (trained.Length > 0)
        {
            // Not while others are waited for: a run that draws makes all others wait. For layers that are computed again.
            using var turn = random.Take(number, place, RunRandom.Use.Dropout);
            autograd.backward(trained, [.. gradients], retain_graph: false);
            GradientHandles.Release();
        }
    }

    private double Total(double own)
    {
        Span<double> sum = [own];
        Ranks.Sum(sum);
        return sum[0];
    }
}
