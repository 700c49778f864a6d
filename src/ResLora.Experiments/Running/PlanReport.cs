using System.Text.Json.Serialization;
using ResLora.Adapters;
using ResLora.Experiments.Inspection;
using ResLora.Experiments.Places;
using ResLora.Experiments.Workloads;
using ResLora.Formats;
using ResLora.Formats.NativeRuntime;
using ResLora.Models;
using ResLora.Tensors.NativeRuntime;
using ResLora.Text.Data.Chat;
using ResLora.Text.Data.Labelling;
using ResLora.Training.Memory;
using ResLora.Training.Planning;
using TorchSharp;

namespace ResLora.Experiments.Running;

/// <summary>What a run will do, known without a weight being read.</summary>
/// <param name="Model">The model folder.</param>
/// <param name="Adapter">The adapter's settings; null when all weights are trained.</param>
/// <param name="Layers">The layers that get a block, by name and shape; empty without an adapter.</param>
/// <param name="ValidationSamples">Samples held out.</param>
/// <param name="Run">Chains, parameters, data, steps and memory.</param>
public sealed record PlanReport(string Model, AdapterConfig? Adapter, IReadOnlyList<LinearGroup> Layers, int ValidationSamples, RunPlan Run)
{
    /// <summary>How the training labels are spread; empty for tasks without labels.</summary>
    public IReadOnlyList<ClassShare> Balance { get; init; } = [];

    /// <summary>
    /// The task's names of columns to those of the file that were taken for them, since it has none of the task's own; empty when nothing
    /// was guessed.
    /// </summary>
    public IReadOnlyDictionary<string, string> GuessedColumns { get; init; } = new Dictionary<string, string>();

    /// <summary>The first samples as tokens, as many as were asked for.</summary>
    public IReadOnlyList<ShownSample> Shown { get; init; } = [];

    /// <summary>What the numbers of ranks that were asked for would make of the run, where they share its samples.</summary>
    public IReadOnlyList<RanksPlan> Ranks { get; init; } = [];

    /// <summary>The same where they share the model's layers (<c>training.parallel: pipeline</c>).</summary>
    public IReadOnlyList<PipelinePlan> Pipelines { get; init; } = [];

    /// <summary>The device that the run computes on, such as <c>cpu</c> or <c>cuda:0</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>What the network's head predicts; null for models that continue texts.</summary>
    public ModelHead? Head { get; init; }

    /// <summary>Modules that the base model lacks and that are drawn from the seed. Dotted names.</summary>
    public IReadOnlyList<string> NewModules { get; init; } = [];

    /// <summary>What there is to say of the data, in words.</summary>
    [JsonIgnore]
    public IReadOnlyList<KeyValuePair<string, string>> DataFacts { get; init; } = [];

    /// <summary>The plan of a run whose model and data are there already; the model may be on the meta device.</summary>
    internal static PlanReport Of(RunConfig config, Network model, AdaptedModel? adapter, TaskData data, EncodedData encoded) =>
        Of(config, model, adapter, data, encoded, stages: null, rank: 0);

    /// <summary>The plan of one of the processes that share a model's layers; the model may be on the meta device.</summary>
    internal static PlanReport OfPipeline(
        RunConfig config, CausalLanguageModel model, AdaptedModel? adapter, TaskData data, EncodedData encoded, int ranks, int rank)
    {
        var stages = StageLoad.Of(config.Model, model, ComputeType.Of(config.Training.DataType), ranks);
        return Of(config, model, adapter, data, encoded, stages, rank);
    }

    private static PlanReport Of(
        RunConfig config, Network model, AdaptedModel? adapter, TaskData data, EncodedData encoded, IReadOnlyList<StageLoad>? stages,
        int rank) =>
        new(
            HubPlaces.Name(config.Model),
            adapter?.Config,
            adapter is null ? [] : Groups(adapter),
            encoded.Validation.Count,
            RunPlan.Create(
                model,
                adapter,
                encoded.Train,
                config.Training,
                BaseMemory.Of(config.Model, model, ComputeType.Of(config.Training.DataType)),
                SystemMemory.AvailableBytes(),
                stages,
                rank))
        {
            // Of a plan alone the model is nowhere.
            Device = $"{(model.Device.type == DeviceType.META ? ComputeDevice.Current : model.Device)}",
            Balance = data.Balance,
            GuessedColumns = data.GuessedColumns,
            DataFacts = [.. data.Facts(encoded)],
            Head = model.Head,
            NewModules = model.NewModules,
        };

    private static IReadOnlyList<LinearGroup> Groups(AdaptedModel adapter) =>
    [
        .. adapter.Blocks
            .GroupBy(block => (Suffix: LayerRole.LastPart(block.ModuleName), block.InFeatures, block.OutFeatures))
            .Select(group =>
                new LinearGroup(
                    group.Key.Suffix, group.Key.InFeatures, group.Key.OutFeatures, [.. group.Select(block => block.ModuleName)])),
    ];
}
