using ResLora.Adapters;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Training;

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
        var data = TrainJob.ReadData(config);
        using var session = ModelSession.Plan(config.Model, data.Head);
        var model = session.Model;
        config = config.For(model);
        var adapter = (config.StartFrom, config.Adapter) switch
        {
            ({ } from, _) => StartFrom.Require(SavedAdapter.Place(model, AdapterStore.Describe(from)), from),
            (_, { } settings) => TiedEmbedding.Part(model, AdaptedModel.Inject(model, settings, savedModules: model.HeadModules)),
            _ => null,
        };
        return PlanReport.Of(config, model, adapter, data, data.Encode(session, EncodingTerms.Of(config.Training)));
    }
}
