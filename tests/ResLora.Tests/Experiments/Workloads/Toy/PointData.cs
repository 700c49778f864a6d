using ResLora.Experiments.Workloads;
using ResLora.Formats;
using ResLora.Tests.Training.Toy;
using ResLora.Training;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;

namespace ResLora.Tests.Experiments.Workloads.Toy;

/// <summary>Points to learn, and points held out.</summary>
internal sealed class PointData(IReadOnlyList<IExample> train, IReadOnlyList<IExample> validation) : TaskData
{
    public override string Task => PointWorkload.TaskName;

    public override bool HasValidation => validation.Count > 0;

    public override string LossUnit => "squared error";

    public static Objective Objective(ModelSession session) => new ToyObjective(session.Model, ((ToyNetwork)session.Model).Predict);

    public override IEnumerable<KeyValuePair<string, string>> Facts(EncodedData data) => [new("data", $"{train.Count} points")];

    public override IEnumerable<string> Inputs(bool heldOut) => (heldOut ? validation : train).Select(example => $"{example}");

    public override EncodedData Encode(ModelSession session, EncodingTerms terms) => new(new(train), validation);

    public override Objective ObjectiveFor(ModelSession session, bool packing) => Objective(session);

    public override MeasuredExamples Take(ModelSession session, bool heldOut, int count, string source)
    {
        IExample[] taken = [.. (heldOut ? validation : train).Take(count)];
        return new MeasuredExamples($"{taken.Length} points of {source}", Objective(session), taken);
    }

    public override Measurement Measure(ModelSession session, MeasuringTerms terms, CancellationToken stop)
    {
        var objective = Objective(session);
        return new Measurement(
            train.Count, new EvaluationLoss(objective.Measure(train, terms.BatchSize, stop)[ToyObjective.LossMetric], train.Count));
    }
}
