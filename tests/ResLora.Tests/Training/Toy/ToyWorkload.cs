using System.Security.Cryptography;
using ResLora.Formats;
using ResLora.Models;
using ResLora.Training;
using ResLora.Training.Objectives;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Toy;

/// <summary>A point in, a value out: a workload without a token, in one file.</summary>
internal sealed record ToyExample(float[] Point, float Value) : IExample
{
    public int Size => 1;

    public void AppendTo(IncrementalHash hash) => hash.AppendData([.. Point.Append(Value).SelectMany(BitConverter.GetBytes)]);
}

internal sealed record ToyBatch(Tensor Points, Tensor Targets) : Batch
{
    public override void Dispose()
    {
        Points.Dispose();
        Targets.Dispose();
    }
}

internal sealed class ToyObjective(Network network, Func<Tensor, Tensor> predict) : Objective(network)
{
    public override IReadOnlyList<string> Metrics => [LossMetric];

    public override string NothingToLearn => "no value";

    public override int TargetsOf(IExample example) => 1;

    public override Batch Collate(IReadOnlyList<IExample> examples)
    {
        var all = examples.Cast<ToyExample>().ToArray();
        // Copies: where an array of .NET's begins in memory is chance, and the last bit of a sum goes with it.
        using var points = tensor(all.SelectMany(e => e.Point).ToArray());
        using var values = tensor(all.Select(e => e.Value).ToArray());
        return new ToyBatch(points.clone().view(all.Length, -1), values.clone());   // [B, D], [B]
    }

    public override bool PredictsValues => true;

    public override Tensor Predictions(Batch batch) => predict(((ToyBatch)batch).Points);   // [B, D] -> [B, 1]

    public override void Forward(Batch batch) => predict(((ToyBatch)batch).Points).Dispose();

    public override IReadOnlyDictionary<string, double> Measure(IReadOnlyList<IExample> examples, int batchSize, CancellationToken stop)
    {
        using var noGradient = no_grad();
        using var batch = Collate(examples);
        using var loss = LossSum(batch);
        return new Dictionary<string, double> { [LossMetric] = loss.item<float>() / examples.Count };
    }
}
