using ResLora.Adapters;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Training.Loop;
using ResLora.Training.Memory;

namespace ResLora.Training.Planning;

/// <summary>What a run is going to do, known before it starts and without running anything.</summary>
/// <param name="Modules">The dotted names of the layers that get a block; empty when the model itself is trained.</param>
/// <param name="Chains">Which blocks the shortcuts join.</param>
/// <param name="Breaks">Where a projection's chain is cut, and why.</param>
/// <param name="TrainableParameters">How many numbers are trained.</param>
/// <param name="AllParameters">How many numbers model and adapter have.</param>
/// <param name="Samples">The training samples kept.</param>
/// <param name="TooLong">Samples left out for being longer than the limit.</param>
/// <param name="Untrained">Samples left out for having nothing to learn.</param>
/// <param name="MinTrainedTokens">The fewest trained tokens of a sample.</param>
/// <param name="MeanTrainedTokens">The mean number of trained tokens of a sample.</param>
/// <param name="MaxTrainedTokens">The most trained tokens of a sample.</param>
/// <param name="LongestSample">The longest sample, in tokens.</param>
/// <param name="Steps">Optimizer steps of the run.</param>
/// <param name="StepsPerEpoch">Optimizer steps of one pass over the data.</param>
/// <param name="WarmupSteps">Steps in which the learning rate rises.</param>
/// <param name="Memory">The memory that it takes; null where that is not known, since the network has no account of it.</param>
public sealed record RunPlan(
    IReadOnlyList<string> Modules,
    IReadOnlyList<ShortcutChain> Chains,
    IReadOnlyList<ChainBreak> Breaks,
    long TrainableParameters,
    long AllParameters,
    int Samples,
    int TooLong,
    int Untrained,
    int MinTrainedTokens,
    double MeanTrainedTokens,
    int MaxTrainedTokens,
    int LongestSample,
    int Steps,
    int StepsPerEpoch,
    int WarmupSteps,
    MemoryEstimate? Memory)
{
    /// <summary>Samples cut to the longest length allowed.</summary>
    public int Truncated { get; init; }

    /// <summary>Texts without a prompt that were cut into windows, each of which is a sample.</summary>
    public int CutIntoWindows { get; init; }

    /// <summary>The decay of the moving average that is evaluated and saved; null without one.</summary>
    public double? Ema { get; init; }

    /// <summary>How the run was made to fit into its limit on memory; null without a limit.</summary>
    public MemoryChoice? Choice { get; init; }

    /// <summary>Memory that was free when the plan was made, in bytes; null where the system does not tell.</summary>
    public long? AvailableMemory { get; init; }

    /// <summary>What the processes of a pipeline have to do, in their order; empty for a run that is none.</summary>
    public IReadOnlyList<StagePlan> Stages { get; init; } = [];

    /// <summary>What <see cref="RoomOnDisk"/> gives for this run, in bytes.</summary>
    public long DiskBytes { get; init; }

    /// <summary>
    /// Whether there is room, within the limit and the machine, to keep freed memory, which is faster; true where nobody knows, since a
    /// limit is then refused.
    /// </summary>
    public bool KeepsFreedMemory =>
        Memory is not { } memory || memory.TotalWithFreed <= Math.Min(Choice?.Limit ?? long.MaxValue, AvailableMemory ?? long.MaxValue);

    /// <summary>Makes the plan.</summary>
    /// <param name="model">The model, whose weights may be on the meta device.</param>
    /// <param name="adapter">The adapter on it; null when the model itself is trained.</param>
    /// <param name="data">The training data.</param>
    /// <param name="config">How to train, free of problems; its limit on memory may change it (<see cref="Choice"/>).</param>
    /// <param name="weights">Where the base weights are.</param>
    /// <param name="available">Memory that is free, in bytes; null where the system does not tell.</param>
    /// <param name="stages">The processes of a pipeline, each of which must keep within the limit on memory; null for a run that is
    /// none.</param>
    /// <param name="rank">Which of them this is. Default 0.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ConfigException">
    /// The run cannot be made to fit into <see cref="TrainConfig.MaxMemory"/>, or nobody knows what it takes.
    /// </exception>
    public static RunPlan Create(
        Network model, AdaptedModel? adapter, ExampleSet data, TrainConfig config, BaseMemory weights, long? available = null,
        IReadOnlyList<StageLoad>? stages = null, int rank = 0)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(config);
        // Pictures stay on the disk; a captioned one keeps the tokens of its caption.
        var tokens = model is TextToImageModel pipeline
            ? (long)data.Examples.Count * pipeline.TextEncoder.MaxTokens
            : data.Examples.Sum(example => (long)example.Size);
        IReadOnlySet<BatchShape> Batches(TrainConfig settings) => BatchShape.Of(data.Examples, settings, model is CausalLanguageModel);
        // All processes of a pipeline must come to the same settings, so that the largest of them decides.
        MemoryEstimate? Estimate(TrainConfig settings)
        {
            var batches = Batches(settings);
            return stages is null
                ? MemoryEstimate.Of(model, adapter, settings, weights, batches, tokens)
                : stages.Select(stage => MemoryEstimate.Of(model, adapter, settings, stage.Weights, batches, tokens, stage))
                    .MaxBy(memory => memory?.Total);
        }

        var choice = config.MaxMemory is { } limit ? MemoryChoice.Fit(
            config, ByteSize.Parse("training.maxMemory", limit), model is CausalLanguageModel, Estimate) : null;
        config = choice?.Config ?? config;
        var order = new DataOrder([.. data.Examples.Select(example => example.Size)], config);
        WeightAverage.RequireFit(config, adapter);
        adapter?.Config.Kind.RequireTraining(adapter, order.TotalSteps);
        if (adapter is { BesidesHead: [var besides, ..] } && weights.Width != sizeof(float))
        {
            throw new ConfigException($"'{besides}' is to be trained, and the model is computed in {8 * weights.Width} bits; what is trained must be float32. Set training.dataType: float32.");
        }

        StagePlan[] planned = stages is null ? [] : [.. Planned(stages, Batches(config))];
        var all = model.parameters().Sum(p => p.numel());
        var trained = adapter?.TrainableCount ?? all;
        return new RunPlan(
            [.. adapter?.Blocks.Select(b => b.ModuleName) ?? []],
            adapter?.Chains ?? [],
            adapter?.Breaks ?? [],
            trained,
            all,
            data.Examples.Count,
            data.TooLong,
            data.Untrained,
            data.MinTrainedTokens,
            data.MeanTrainedTokens,
            data.MaxTrainedTokens,
            data.LongestSample,
            order.TotalSteps,
            order.StepsPerEpoch,
            new LearningRateSchedule(config, order.TotalSteps).WarmupSteps,
            stages is not null ? planned[rank].Memory : choice?.Estimate ?? Estimate(config))
        {
            Stages = planned,
            Ema = config.Ema,
            Choice = choice,
            AvailableMemory = available,
            Truncated = data.Truncated,
            DiskBytes = RoomOnDisk(
                trained,
                adapter is null ? model.parameters().Sum(
                    p => p.numel() * p.element_size()) : (trained + adapter.SharedCount) * sizeof(float),
                config,
                MemoryEstimate.StateOf(adapter)),
            CutIntoWindows = data.CutIntoWindows,
        };

        IEnumerable<StagePlan> Planned(IReadOnlyList<StageLoad> loads, IReadOnlySet<BatchShape> batches) =>
            loads.Select(stage => new StagePlan(
                stage.Stage, stage.Share, stage.PassesKept(config), stage.SentBytes(model, adapter, config, batches),
                MemoryEstimate.Of(model, adapter, config, stage.Weights, batches, tokens, stage)));
    }

    /// <summary>
    /// About the most room that a run's files take on the disk at a time: best, last, one being written, and the checkpoints.
    /// </summary>
    /// <param name="trained">How many numbers are trained.</param>
    /// <param name="savedBytes">How large the saved adapter or model is.</param>
    /// <param name="config">How to train.</param>
    /// <param name="methodState">What an adapter's method keeps in a checkpoint, in bytes. Default 0.</param>
    /// <returns>Bytes.</returns>
    public static long RoomOnDisk(long trained, long savedBytes, TrainConfig config, long methodState = 0)
    {
        ArgumentNullException.ThrowIfNull(config);
        const int bestLastAndNew = 3;
        // A checkpoint also holds the parameter itself, its two moments and its average: float32 each. There is one at least when a run is
        // interrupted.
        var state = (config.Ema is null ? 3 : 4) * sizeof(float);
        var checkpoints = config.CheckpointEvery > 0 ? config.KeepCheckpoints + 1L : 1L;
        return (bestLastAndNew * savedBytes) + (checkpoints * (savedBytes + (trained * state) + methodState));
    }
}
