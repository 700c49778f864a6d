using ResLora.Adapters;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Places;
using ResLora.Experiments.Workloads;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models;
using ResLora.Tensors.NativeRuntime;
using ResLora.Training;
using ResLora.Training.Distributed;
using ResLora.Training.Distributed.Pipeline;
using ResLora.Training.Loop;
using ResLora.Training.Memory;
using ResLora.Training.Objectives;

namespace ResLora.Experiments.Running;

/// <summary>Fine-tunes a model as a configuration says: data, adapter, training, and the run's folder.</summary>
public static class TrainJob
{
    /// <summary>Runs the job.</summary>
    /// <param name="config">The settings, free of problems.</param>
    /// <param name="resume">Whether an earlier run in the folder goes on from its newest checkpoint.</param>
    /// <param name="progress">Is told what happens; null for nobody.</param>
    /// <param name="ranks">The processes that train together, each of which calls this (docs/distributed.md); null for this one
    /// alone.</param>
    /// <param name="stop">Ends the run after the step in hand, with a checkpoint.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used.</exception>
    /// <exception cref="TrainingFailedException">The loss or a gradient is not finite.</exception>
    /// <exception cref="RanksException">Another process is lost or late.</exception>
    public static TrainReport Run(
        RunConfig config, bool resume = false, IProgress<RunEvent>? progress = null, ICommunicator? ranks = null,
        CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        return Run(config, watch: null, resume, progress, ranks ?? SingleProcess.Instance, stop);
    }

    /// <summary>Runs the job and lets somebody look at the model while it goes on.</summary>
    /// <param name="config">As for the first overload.</param>
    /// <param name="watch">Makes who is told what happens, between two steps; null for whom the task has.</param>
    /// <param name="resume">As for the first overload.</param>
    /// <param name="progress">As for the first overload.</param>
    /// <param name="ranks">As for the first overload.</param>
    /// <param name="stop">As for the first overload.</param>
    internal static TrainReport Run(
        RunConfig config, Func<WatchedRun, IRunWatcher>? watch, bool resume, IProgress<RunEvent>? progress, ICommunicator ranks,
        CancellationToken stop)
    {
        using var memory = new PeakMemory();
        if (ranks.Rank == 0)
        {
            FolderOf(config).RequireReady(resume);
        }

        config = ComputeType.Resolve(config);
        var data = ReadData(config);
        using var session = Load(config, data, ranks);
        return Run(config, session, data, memory, watch, resume, progress, ranks, stop);
    }

    /// <summary>Runs the job on a model that is loaded already and carries no adapter yet; it carries the trained one afterwards.</summary>
    /// <param name="config">The settings, free of problems.</param>
    /// <param name="session">The model, borrowed.</param>
    /// <param name="resume">As for the other overload.</param>
    /// <param name="progress">As for the other overload.</param>
    /// <param name="stop">As for the other overload.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used.</exception>
    /// <exception cref="TrainingFailedException">The loss or a gradient is not finite.</exception>
    public static TrainReport Run(
        RunConfig config, ModelSession session, bool resume = false, IProgress<RunEvent>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(session);
        using var memory = new PeakMemory();
        return Run(
            config, session, config.ReadData(session.Model, headIsNew: false), memory, null, resume, progress, SingleProcess.Instance,
            stop);
    }

    /// <summary>Reads the data for a model that is not loaded yet: its head depends on them.</summary>
    internal static TaskData ReadData(RunConfig config)
    {
        using var network = ModelRegistry.Build(config.Model);
        return config.ReadData(network, headIsNew: true);
    }

    private static TrainReport Run(
        RunConfig config, ModelSession session, TaskData data, PeakMemory memory, Func<WatchedRun, IRunWatcher>? watch, bool resume,
        IProgress<RunEvent>? progress, ICommunicator ranks, CancellationToken stop)
    {
        config = config.For(session.Model);
        var folder = FolderOf(config);
        var encoded = data.Encode(session, EncodingTerms.Of(config.Training));
        var adapter = (config.StartFrom, config.Adapter) switch
        {
            ({ } from, _) => Saved(session, from),
            (_, { } settings) => session.Attach(settings, config.Training.Seed),
            _ => null,
        };
        ConfigBinder.ThrowIfAny(
            "The run's settings", [.. config.Merging.Problems(adapter?.Config).Select(problem => $"merging.{problem}")]);
        var plan = PipelineTerms.AreOf(config.Training, ranks)
            ? PlanReport.OfPipeline(config, session.Causal, adapter, data, encoded, ranks.Size, ranks.Rank)
            : PlanReport.Of(config, session.Model, adapter, data, encoded);
        config = config with { Training = plan.Run.Choice?.Config ?? config.Training };
        var writes = ranks.Rank == 0;
        if (writes)
        {
            // What an earlier run of this folder has written is replaced by what follows.
            DiskSpace.Require(folder.Path, plan.Run.DiskBytes - (resume ? DiskSpace.Used(folder.Path) : 0), "The run's files");
        }

        using var returning = plan.Run.KeepsFreedMemory ? null : Allocator.ReturnFreedMemory();
        var trainable = session.TrainableParameters();
        progress?.Report(new RunPlanned(plan));
        data.Prepare(session, progress, stop);
        var objective = data.ObjectiveFor(session, config.Training.Packing);
        objective.Ranks = ranks;
        using var watcher = !writes ? null : watch?.Invoke(new WatchedRun(session, objective, encoded, folder))
            ?? data.Watch(session, config.Samples, folder.Path, stop);
        var setup = new TrainSetup(
            objective, trainable, encoded.Train.Examples, encoded.Validation, config.Training, folder.Path, Save(config, session, data))
        {
            Communicator = ranks,
            Adapter = adapter,
            RateFactor = data.RateFactor,
            Sources = RunSources.Of(config),
            SaveSettings = () =>
            {
                folder.Save(config);
                watcher?.Begin(progress);
            },
            ExtraMetrics = HasExtraMetrics(config) ? () => ExtraMetrics(session, objective, data, encoded, config, stop) : null,
        };
        var result = new Trainer(setup).Run(watcher is null ? progress : new WatchedProgress(watcher, progress), resume, stop);
        if (writes)
        {
            RunPlots.Write(folder, config.Task, data.LossUnit, data.TrainingLoss);
        }

        return new TrainReport(folder.Path, trainable.Sum(p => p.Value.numel()), result)
        {
            Prompt = data.Prompt,
            IsChat = data.ChatTemplate is not null,
            PicturePrompt = data.PicturePrompt,
            PlannedMemory = plan.Run.Memory,
            KeptFreedMemory = Allocator.KeepsFreedMemory,
            // A run that was done already has loaded its model and no more.
            PeakMemory = result.Steps > result.StepsBefore ? memory.Most : null,
        };
    }

    private static ModelSession Load(RunConfig config, TaskData data, ICommunicator ranks)
    {
        var type = ComputeType.Of(config.Training.DataType);
        if (!PipelineTerms.AreOf(config.Training, ranks))
        {
            return ModelSession.Load(
                config.Model, dtype: type, device: ComputeDevice.Current, head: data.Head,
                headSeed: data.Head is null ? null : config.Training.Seed);
        }

        var adapter = config.StartFrom is null ? config.Adapter : AdapterStore.Describe(config.StartFrom).Config;
        PipelineTerms.Require(config.Training, adapter, HasExtraMetrics(config));
        return ModelSession.LoadPart(config.Model, StageShares.NeededBy(ranks), type);
    }

    private static RunFolder FolderOf(RunConfig config) =>
        new(config.Output ?? throw new ConfigException("output is missing; name the folder of the run."));

    private static Action<string> Save(RunConfig config, ModelSession session, TaskData data) => folder =>
    {
        session.Save(folder, HubPlaces.Name(config.Model));
        var prompt = TrainedPrompt.Of(config);
        (prompt is null ? null : prompt with { ChatTemplate = data.ChatTemplate })?.Write(folder);
    };

    private static AdaptedModel Saved(ModelSession session, string folder)
    {
        var adapter = StartFrom.Require(session.AttachSaved(folder), folder);
        return adapter.ShortcutWeight == 1
            ? adapter
            : throw new ConfigException(
                $"{folder}: its shortcuts are annealed to a weight of {adapter.ShortcutWeight:0.###}, and training would set them to " +
                "1 again; merge it into LoRA (reslora merge) and start from that.");
    }

    private static bool WantsExactMatch(RunConfig config) => config.Training.BestMetric.EndsWith("exact_match", StringComparison.Ordinal);

    /// <summary>Whether evaluations measure more than the objective does.</summary>
    internal static bool HasExtraMetrics(RunConfig config) => WantsExactMatch(config) || config.Merging.Evaluate.Count > 0;

    /// <summary>Right answers when the best checkpoint is chosen by them, and what the merged models are worth.</summary>
    private static Dictionary<string, double> ExtraMetrics(
        ModelSession session, Objective objective, TaskData data, EncodedData encoded, RunConfig config, CancellationToken stop)
    {
        var metrics = new Dictionary<string, double>();
        if (WantsExactMatch(config))
        {
            metrics[RunConfig.ExactMatchMetric] = ExactMatchOf(session, objective, data, config, stop);
        }

        IReadOnlyList<IExample> calibration = [.. encoded.Train.Examples.Take(config.Merging.CalibrationSamples)];
        foreach (var (name, value) in MergedScores.Of(
            session, objective, calibration, config.Merging.Evaluate, () =>
                MergedScore(session, objective, data, encoded, config, stop), stop))
        {
            metrics[name] = value;
        }

        return metrics;
    }

    /// <summary>What the objective measures, by the names that follow <c>eval_</c>; perplexity says no more than the loss.</summary>
    private static Dictionary<string, double> MergedScore(
        ModelSession session, Objective objective, TaskData data, EncodedData encoded, RunConfig config, CancellationToken stop)
    {
        const string prefix = "eval_";
        var scores = objective.Measure(encoded.Validation, config.Training.BatchSize, stop)
            .Where(metric => metric.Key != NextTokenObjective.PerplexityMetric)
            .ToDictionary(metric => metric.Key[prefix.Length..], metric => metric.Value);
        if (WantsExactMatch(config))
        {
            scores["exact_match"] = ExactMatchOf(session, objective, data, config, stop);
        }

        return scores;
    }

    private static double ExactMatchOf(
        ModelSession session, Objective objective, TaskData data, RunConfig config, CancellationToken stop) =>
        data.ExactMatchOfValidation(session, config.Training.BatchSize, objective.Ranks, stop)
        ?? throw new ConfigException(
            $"training.bestMetric is '{config.Training.BestMetric}', and task '{config.Task}' generates no answers; " +
            "eval_score is what it has.");
}
