using ResLora.Adapters;
using ResLora.Formats;
using ResLora.Models;
using ResLora.Training.Distributed;
using ResLora.Training.Objectives;
using TorchSharp.Modules;

namespace ResLora.Training.Loop;

/// <summary>Everything that a run needs; all of it is borrowed.</summary>
/// <param name="Objective">What is trained for, and the model, with the adapter on it if there is one.</param>
/// <param name="Trainable">What is trained, float32, by names that stay the same from run to run.</param>
/// <param name="Train">The examples to learn.</param>
/// <param name="Validation">The held-out examples; may be empty.</param>
/// <param name="Config">How to train.</param>
/// <param name="RunFolder">Where metrics, checkpoints, best and last go.</param>
/// <param name="SaveModel">Writes a complete adapter or model into the folder given, which exists and is empty.</param>
public sealed record TrainSetup(
    Objective Objective,
    IReadOnlyList<KeyValuePair<string, Parameter>> Trainable,
    IReadOnlyList<IExample> Train,
    IReadOnlyList<IExample> Validation,
    TrainConfig Config,
    string RunFolder,
    Action<string> SaveModel)
{
    /// <summary>The network.</summary>
    public Network Model => Objective.Model;

    /// <summary>The processes that train together. Default: this one alone.</summary>
    public ICommunicator Communicator { get; init; } = SingleProcess.Instance;

    /// <summary>The adapter on the model; null when the model itself is trained.</summary>
    public AdaptedModel? Adapter { get; init; }

    /// <summary>
    /// Called at every evaluation, without gradients and in evaluation mode: more results by name, such as <c>eval_accuracy</c>.
    /// </summary>
    public Func<IReadOnlyDictionary<string, double>>? ExtraMetrics { get; init; }

    /// <summary>What the learning rate of a parameter, by name, is multiplied by. Default: 1 for all.</summary>
    public Func<string, double> RateFactor { get; init; } = _ => 1;

    /// <summary>
    /// Digests, by name, of what else the run is made from, such as the tokenizer's file: a run goes on only with the same.
    /// </summary>
    public IReadOnlyDictionary<string, string> Sources { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Called once everything is checked and the folder is the run's, before anything else is written there: saves settings.
    /// </summary>
    public Action? SaveSettings { get; init; }
}
