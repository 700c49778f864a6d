using ResLora.Adapters;
using ResLora.Experiments.Inspection;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Formats.NativeRuntime;
using ResLora.Models;
using ResLora.Text.Tokenization;
using ResLora.Training;
using ResLora.Training.Memory;
using ResLora.Training.Planning;

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
        config = ComputeType.Resolve(config);
        var texts = LabelledTexts.Of(config);
        using var model = ModelRegistry.PlanText(config.Model, texts?.Head);
        config = config.For(model);
        var adapter = (config.StartFrom, config.Adapter) switch
        {
            ({ } from, _) => StartFrom.Require(SavedAdapter.Place(model, AdapterStore.Describe(from)), from),
            (_, { } settings) => AdaptedModel.Inject(model, settings, savedModules: model.HeadModules),
            _ => null,
        };
        return Of(config, model, adapter, RunData.Read(config, Tokenizer.Load(config.Model), model, texts));
    }

    /// <summary>The plan of a run whose model and data are there already; the model may be on the meta device.</summary>
    internal static PlanReport Of(RunConfig config, LanguageModel model, AdaptedModel? adapter, RunData data) => new(
        config.Model,
        adapter?.Config,
        adapter is null ? [] : Groups(adapter),
        data.ValidationTokens.Count,
        RunPlan.Create(model, adapter, data.TrainTokens, config.Training, BaseMemory.Of(config.Model, model, TrainJob.DataType(config.Training.DataType)), SystemMemory.AvailableBytes()))
    {
        Balance = data is LabelledRunData labelled ? labelled.Texts.Train.Balance() : [],
        GuessedColumns = data is GenerationRunData generation ? generation.Task.GuessedColumns : new Dictionary<string, string>(),
        Head = (model as EncoderModel)?.Head,
        NewModules = model.NewModules,
    };

    private static IReadOnlyList<LinearGroup> Groups(AdaptedModel adapter) =>
    [
        .. adapter.Blocks
            .GroupBy(block => (Suffix: block.ModuleName[(block.ModuleName.LastIndexOf('.') + 1)..], block.InFeatures, block.OutFeatures))
            .Select(group => new LinearGroup(group.Key.Suffix, group.Key.InFeatures, group.Key.OutFeatures, [.. group.Select(block => block.ModuleName)])),
    ];
}
