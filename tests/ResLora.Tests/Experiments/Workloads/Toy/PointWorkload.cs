using ResLora.Experiments.Workloads;
using ResLora.Formats;
using ResLora.Models;
using ResLora.Tests.Training.Toy;
using ResLora.Text.Data;
using ResLora.Training;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Workloads.Toy;

/// <summary>Points with values, a line of whole numbers from 0 to 9 and a value each: all that a workload needs for every job.</summary>
internal sealed class PointWorkload : Workload
{
    public const string TaskName = "points";
    private const int Steps = 10;

    public override IReadOnlyList<string> Tasks { get; } = [TaskName];

    public override KeyValuePair<string, IReadOnlyList<string>> Companions { get; } = new("the scale's file", ["scale.json"]);

    public override TemplateWords Words { get; } = new(
        "config.json, scale.json and model.safetensors", "What is learnt: values.", "A file with a point a line.", "points.txt",
        "A file to validate on.", "other-points.txt", "{}", HasLength: false);

    public override bool Fits(Network network) => network is ToyNetwork;

    public override string Misfit(string task, string model) => $"Task '{task}' has points, and {model} takes none; take a toy.";

    public override IEnumerable<string> Problems(DataConfig data) => [];

    public override (string Task, string Reason) FindTask(string data) => (TaskName, "the model takes points");

    public override TaskData Read(RunSource source, Network network, bool headIsNew)
    {
        var points = Read(source.Data.Train);
        var (train, heldOut) = DataSplit.HoldOut(
            points, point => string.Join(' ', point.Point), source.Data.ValidationCount!.Value, source.Data.SplitSeed);
        return new PointData(train, heldOut);
    }

    public override TaskData Read(GivenData given, ModelSession session) => new PointData(Read(given.Path), []);

    public override MeasuredExamples Invent(ModelSession session, int seed, string purpose)
    {
        var random = new StableRandom((ulong)seed);
        int[] Point() => [.. Enumerable.Range(0, ToyNetwork.Width).Select(_ => (int)(random.NextDouble() * Steps))];
        IExample[] points = [.. Enumerable.Range(0, 16).Select(_ => Example(Point(), session))];
        return new MeasuredExamples("16 random points", PointData.Objective(session), points);
    }

    public override Tensor Outputs(Network network, IExample example)
    {
        using var point = tensor(((ToyExample)example).Point).view(1, -1);   // [1, D]
        return ((ToyNetwork)network).Predict(point);                         // [1, 1]
    }

    public override IReadOnlyList<int> Numbers(IExample example, int most) =>
        [.. ((ToyExample)example).Point.Select(x => (int)MathF.Round(x * Steps))];

    public override IExample Example(IReadOnlyList<int> numbers, ModelSession session) =>
        new ToyExample([.. numbers.Select(x => (float)x / Steps)], 0);

    public override long NumbersBelow(Network network) => Steps;

    private static ToyExample[] Read(string path) =>
    [
        .. File.ReadLines(path)
            .Select(line => line.Split(' ').Select(float.Parse).ToArray())
            .Select(all => new ToyExample([.. all[..^1].Select(x => x / Steps)], all[^1] / Steps)),
    ];
}
