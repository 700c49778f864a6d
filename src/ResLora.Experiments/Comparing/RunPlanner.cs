using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Training;

namespace ResLora.Experiments.Comparing;

/// <summary>Plans many runs that have model, task and data in common, which are read once.</summary>
/// <param name="common">Any of the runs; what is <c>auto</c> in it is known.</param>
internal sealed class RunPlanner(RunConfig common)
{
    private readonly Dictionary<EncodingTerms, EncodedData> _encoded = [];

    /// <summary>The data.</summary>
    public TaskData Data { get; } = TrainJob.ReadData(common);

    /// <summary>Plans arms.</summary>
    /// <param name="arms">The arms.</param>
    /// <param name="leaveOut">What to write to leave an arm out, by its name.</param>
    /// <param name="problems">Is added to: a phrase for each arm that cannot be trained.</param>
    /// <returns>The plans of those that can.</returns>
    public IReadOnlyList<PlannedArm> Plan(IEnumerable<Arm> arms, Func<string, string> leaveOut, List<string> problems)
    {
        var planned = new List<PlannedArm>();
        foreach (var arm in arms)
        {
            try
            {
                var known = arm with { Run = ComputeType.Resolve(arm.Run) };
                planned.Add(new PlannedArm(known, Plan(known.Run)));
            }
            catch (ResLoraException error)
            {
                problems.Add(
                    $"arm '{arm.Name}' cannot be trained: {error.Message.TrimEnd('.')}; "
                    + $"change what it sets, or leave it out ({leaveOut(arm.Name)})");
            }
        }

        return planned;
    }

    /// <summary>Plans a run.</summary>
    /// <param name="run">The run; what is <c>auto</c> in it is known.</param>
    /// <exception cref="ResLoraException">It cannot be trained.</exception>
    public RunSize Plan(RunConfig run)
    {
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
