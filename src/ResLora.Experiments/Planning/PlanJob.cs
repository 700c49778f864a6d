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
        config = config.For(session.Model);
        var terms = EncodingTerms.Of(config.Training);
        var report = Of(config, session, data, data.Encode(session, terms));
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

    /// <summary>The plan of a run on data that is read and encoded already.</summary>
    /// <param name="config">The settings as they are carried out on the session's network.</param>
    /// <param name="session">The network on the meta device, which carries the adapter afterwards.</param>
    /// <param name="data">The data.</param>
    /// <param name="encoded">The same data as examples.</param>
    internal static PlanReport Of(RunConfig config, ModelSession session, TaskData data, EncodedData encoded)
    {
        var model = session.Model;
        var adapter = (config.StartFrom, config.Adapter) switch
        {
            ({ } from, _) => StartFrom.Require(SavedAdapter.Place(model, AdapterStore.Describe(from)), from),
            (_, { } settings) => TiedEmbedding.Part(model, AdaptedModel.Inject(model, settings, savedModules: model.HeadModules)),
            _ => null,
        };
        return PlanReport.Of(config, model, adapter, data, encoded);
    }
}
