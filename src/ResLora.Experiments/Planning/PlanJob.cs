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
    /// <param name="show">How many samples are shown as tokens. Default 0.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used: what training would refuse, the plan refuses too.</exception>
    public static PlanReport Run(RunConfig config, int show = 0)
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
        var terms = EncodingTerms.Of(config.Training);
        var report = PlanReport.Of(config, model, adapter, data, data.Encode(session, terms));
        if (show == 0)
        {
            return report;
        }

        return report with
        {
            Shown = data.Show(session, terms, show) ?? throw new ConfigException(
                $"Task '{config.Task}' learns no texts to go on with, so that there are no trained tokens to show; leave --show out."),
        };
    }
}
