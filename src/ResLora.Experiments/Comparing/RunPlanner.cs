using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Training;

namespace ResLora.Experiments.Comparing;

/// <summary>Plans many runs that have model, task and data in common, which are read once.</summary>
/// <param name="common">Any of the runs.</param>
internal sealed class RunPlanner(RunConfig common)
{
    private readonly Dictionary<EncodingTerms, EncodedData> _encoded = [];

    /// <summary>The data.</summary>
    public TaskData Data { get; } = TrainJob.ReadData(ComputeType.Resolve(common));

    /// <summary>Plans a run.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="Formats.Errors.ResLoraException">It cannot be trained.</exception>
    public RunSize Plan(RunConfig run)
    {
        run = ComputeType.Resolve(run);
        using var session = ModelSession.Plan(run.Model, Data.Head);
        run = run.For(session.Model);
        var terms = EncodingTerms.Of(run.Training);
        if (!_encoded.TryGetValue(terms, out var examples))
        {
            _encoded[terms] = examples = Data.Encode(session, terms);
        }

        var plan = PlanJob.Of(run, session, Data, examples);
        return new RunSize(plan.Run.TrainableParameters, plan.Run.Steps, plan.Run.Memory, plan.ValidationSamples);
    }
}
