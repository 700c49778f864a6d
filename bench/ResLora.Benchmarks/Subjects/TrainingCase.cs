using ResLora.Adapters;
using ResLora.Models;
using ResLora.Tensors.NativeRuntime;
using ResLora.Text.Data;
using ResLora.Training.Distributed;
using ResLora.Training.Loop;
using ResLora.Training.Objectives;
using TorchSharp;

namespace ResLora.Benchmarks.Subjects;

/// <summary>
/// A model with an adapter and all that a training run keeps between steps. A step is the training loop's own: forward and backward
/// passes, gradient norm and clipping, AdamW.
/// </summary>
internal sealed class TrainingCase : IDisposable
{
    private const double LearningRate = 1e-4;

    // What a method plans over a run is planned for one that never ends here.
    private const int RunSteps = 100_000;
    private readonly CausalLanguageModel _model;
    private readonly AdamW _optimizer;
    private readonly CollectionPause _pause;
    private readonly RunRandom _random = new(seed: 0, torch.CPU);
    private readonly (TrainStep Padded, TrainStep Packed) _step;
    private readonly ReleasedAdapter? _released;
    private readonly MethodTraining? _method;
    private int _steps;

    /// <param name="model">The model, which becomes this object's.</param>
    /// <param name="variant">How steps are carried out.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="samples">What is trained on.</param>
    /// <param name="checkpointing">Whether layers are computed again in place of being kept.</param>
    /// <param name="ranks">The processes that share each step; null for this one alone.</param>
    public TrainingCase(
        CausalLanguageModel model,
        Variant variant,
        AdapterConfig adapter,
        IReadOnlyList<TokenizedSample> samples,
        bool checkpointing = false,
        ICommunicator? ranks = null)
    {
        _model = model;
        variant.Apply(model);
        Adapted = AdaptedModel.Inject(model, adapter);
        _released = variant.IsReleased ? new ReleasedAdapter(Adapted) : null;
        model.BeginForward = Adapted.BeginPass;
        model.RunLayer = checkpointing ? ActivationCheckpoint.Run : null;
        model.train();
        Objective = new NextTokenObjective(model, padId: 0);
        var trainable = Adapted.TrainableParameters().ToArray();
        var setup =
            new TrainSetup(Objective, trainable, samples, [], new TrainConfig(), RunFolder: "", SaveModel: _ => { })
            {
                // The released code's layers stand in the blocks' places.
                Adapter = variant.IsReleased ? null : Adapted,
                Communicator = ranks ?? SingleProcess.Instance,
            };
        _optimizer = new AdamW(trainable, setup.Config);
        _method = adapter.Kind.Training(Adapted, RunSteps, setup.Config.Seed);
        var packed = setup with { Objective = new NextTokenObjective(model, padId: 0, packing: true) };
        _pause = new CollectionPause(Objective.ManagedRoom);
        _step = (
            new TrainStep(setup, samples, _optimizer, _random, _method),
            new TrainStep(packed, samples, _optimizer, _random, _method));
    }

    /// <summary>The adapter.</summary>
    public AdaptedModel Adapted { get; }

    /// <summary>What is trained for.</summary>
    public NextTokenObjective Objective { get; }

    /// <summary>One optimizer step.</summary>
    /// <param name="batch">The samples, in one forward pass.</param>
    /// <param name="packed">Whether the samples stand one behind another in place of side by side.</param>
    /// <returns>The mean loss, in nats.</returns>
    public double Step(int[] batch, bool packed = false)
    {
        return (packed ? _step.Packed : _step.Padded).Run(++_steps, [batch], LearningRate).Loss;
    }

    /// <summary>Frees everything.</summary>
    public void Dispose()
    {
        _step.Padded.Dispose();
        _step.Packed.Dispose();
        _optimizer.ZeroGradients();
        _optimizer.Dispose();
        _random.Dispose();
        _method?.Dispose();
        _pause.Dispose();
        _released?.Dispose();
        _model.Dispose();
    }
}
