using ResLora.Adapters;
using ResLora.Experiments.Inspection;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Formats.Safetensors;
using ResLora.Models;
using ResLora.Training.Loop;
using ResLora.Training.Tokenization;

namespace ResLora.Experiments.Planning;

/// <summary>Works out what a run will do: configuration, headers and data are read, weights are not.</summary>
public static class PlanJob
{
    /// <summary>Runs the job.</summary>
    /// <param name="config">The settings, free of problems.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used: what training would refuse, the plan refuses too.</exception>
    public static PlanReport Run(RunConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        using var model = ModelRegistry.BuildCausal(config.Model);
        var total = model.named_parameters().Sum(p => p.parameter.numel());
        var adapter = config.Adapter is { } settings ? AdaptedModel.Inject(model, settings) : null;
        var data = RunData.Read(config, Tokenizer.Load(config.Model));
        var trainable = adapter?.TrainableCount ?? total;
        var samples = data.TrainTokens.Samples;
        var order = new DataOrder([.. samples.Select(sample => sample.Ids.Length)], config.Training);
        // Batches are grouped by length, so the widest one is known only from the order itself; one pass shows nearly all there are.
        var batches = Enumerable.Range(0, Math.Min(order.TotalSteps, order.StepsPerEpoch)).SelectMany(order.MicroBatches).ToArray();
        return new PlanReport(
            config.Model,
            config.Adapter,
            adapter is null ? [] : Groups(adapter),
            adapter is null || config.Adapter!.Shortcut.Kind == ShortcutKind.None ? [] : adapter.Chains,
            adapter?.Breaks ?? [],
            trainable,
            total,
            samples.Count,
            data.TrainTokens.TooLong,
            data.TrainTokens.Untrained,
            data.ValidationTokens.Count,
            data.TrainTokens.MinTrainedTokens,
            data.TrainTokens.MeanTrainedTokens,
            data.TrainTokens.MaxTrainedTokens,
            data.TrainTokens.LongestSample,
            order.TotalSteps,
            (double)order.TotalSteps / order.StepsPerEpoch,
            MemoryEstimate.Of(
                model, adapter, config.Training, BytesOfWeight(config), trainable,
                batches.Max(batch => (long)batch.Length * batch.Max(i => samples[i].Ids.Length)),
                batches.Max(batch => batch.Sum(i => (long)samples[i].TrainedTokens))));
    }

    private static IReadOnlyList<LinearGroup> Groups(AdaptedModel adapter) =>
    [
        .. adapter.Blocks
            .GroupBy(block => (Suffix: block.ModuleName[(block.ModuleName.LastIndexOf('.') + 1)..], block.InFeatures, block.OutFeatures))
            .Select(group => new LinearGroup(group.Key.Suffix, group.Key.InFeatures, group.Key.OutFeatures, [.. group.Select(block => block.ModuleName)])),
    ];

    private static int BytesOfWeight(RunConfig config) => config.Training.DataType switch
    {
        "float32" => 4,
        "bfloat16" => 2,
        // Every tensor of a checkpoint takes part, so the widest decides.
        _ => (int)CheckpointReader.ReadHeader(config.Model).Entries.Values.Max(e => e.Length / Math.Max(1, e.Shape.Aggregate(1L, (product, size) => product * size))),
    };
}
