using ResLora.Adapters;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Training;
using ResLora.Training.Distributed.Pipeline;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Planning;

/// <summary>Works out what a run will do: configuration, headers and data are read, weights are not.</summary>
public static class PlanJob
{
    /// <summary>Runs the job.</summary>
    /// <param name="config">The settings, free of problems.</param>
    /// <param name="show">How many samples are shown as tokens. Default 0.</param>
    /// <param name="asked">What numbers of ranks are asked about; null for none.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used: what training would refuse, the plan refuses too.</exception>
    public static PlanReport Run(RunConfig config, int show = 0, RanksQuestion? asked = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        config = ComputeType.Resolve(config);
        var data = TrainJob.ReadData(config);
        using var session = ModelSession.Plan(config.Model, data.Head);
        config = config.For(session.Model);
        var terms = EncodingTerms.Of(config.Training);
        var encoded = data.Encode(session, terms);
        var report = asked is { Counts.Count: > 0 }
            ? OfRanks(config, session, data, encoded, asked) : Of(config, session, data, encoded);
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
    internal static PlanReport Of(RunConfig config, ModelSession session, TaskData data, EncodedData encoded) =>
        PlanReport.Of(config, session.Model, AdapterOf(config, session.Model), data, encoded);

    private static PlanReport OfRanks(RunConfig config, ModelSession session, TaskData data, EncodedData encoded, RanksQuestion asked)
    {
        var training = config.Training;
        if (training.Parallel == Parallelism.Data)
        {
            var report = Of(config, session, data, encoded);
            return report with { Ranks = [.. asked.Counts.Select(count => RanksPlan.Of(report, training, count, asked))] };
        }

        var adapter = AdapterOf(config, session.Model);
        PipelineTerms.Require(training, adapter, TrainJob.HasExtraMetrics(config));
        // The limit is one for each process, and one alone may not keep within it.
        return PlanReport.Of(config with { Training = training with { MaxMemory = null } }, session.Model, adapter, data, encoded) with
        {
            Pipelines =
            [
                .. asked.Counts.Select(count => PipelinePlan.Of(
                    PlanReport.OfPipeline(config, session.Causal, adapter, data, encoded, count, rank: 0).Run, training, asked)),
            ],
        };
    }

    private static AdaptedModel? AdapterOf(RunConfig config, Network model) => (config.StartFrom, config.Adapter) switch
    {
        ({ } from, _) => StartFrom.Require(SavedAdapter.Place(model, AdapterStore.Describe(from)), from),
        (_, { } settings) => TiedEmbedding.Part(model, AdaptedModel.Inject(model, settings, savedModules: model.HeadModules)),
        _ => null,
    };
}
