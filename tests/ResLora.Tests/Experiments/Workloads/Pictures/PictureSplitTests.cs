using ResLora.Adapters;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Merging;
using ResLora.Experiments.Planning;
using ResLora.Experiments.Predicting;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using ResLora.Text.Data;
using ResLora.Training;
using Xunit;

namespace ResLora.Tests.Experiments.Workloads.Pictures;

/// <summary>Which pictures are learnt, held out and measured, and with which labels.</summary>
public sealed class PictureSplitTests(TinyPictureWorld world) : IClassFixture<TinyPictureWorld>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Run_FoldersOfSplits_AreLearntValidatedAndMeasured()
    {
        Save("split/train", 4);
        Save("split/validation", 2);
        Save("split/test", 3);
        var config = world.Run("split-run", steps: 1) with { Data = new DataConfig { Train = world.Folder["split"] } };

        var plan = PlanJob.Run(config);
        var report = TrainJob.Run(config, stop: Stop);
        var options = new EvaluateOptions { Model = world.Model, Adapter = Last(report), Task = config.Task, Data = world.Folder["split"] };

        Assert.Equal("12 pictures, 5 tokens each, 6 for validation", plan.DataFacts[0].Value);
        Assert.Equal(9, EvaluateJob.Run(options, stop: Stop).Samples);
        Assert.Equal(5, EvaluateJob.Run(options with { Split = TaskSplit.Train, Limit = 5 }, stop: Stop).Samples);
    }

    [Fact]
    public void Run_ValidationFolderAndLimit_AreKept()
    {
        Save("others", 2);
        var data = new DataConfig { Train = world.Colours, Validation = world.Folder["others"], Limit = 10 };

        var plan = PlanJob.Run(world.Run("limited") with { Data = data });

        Assert.Equal("10 pictures, 5 tokens each, 6 for validation", plan.DataFacts[0].Value);
    }

    [Fact]
    public void Run_ValidationInATable_IsReadByItsLabels()
    {
        Save("listed", 1);
        var table = world.Folder.Write("listed/list.csv", "image,label\n0/0.png,red\n2/0.png,blue\n");

        var plan = PlanJob.Run(world.Run("listed-run") with { Data = new DataConfig { Train = world.Colours, Validation = table } });

        Assert.Equal("36 pictures, 5 tokens each, 2 for validation", plan.DataFacts[0].Value);
    }

    [Fact]
    public void Run_FromAnAdapterWithOtherLabels_IsRefusedByName()
    {
        var first = TrainJob.Run(world.Run("of-colours", steps: 1), stop: Stop);
        var config = world.Run("of-lights") with
        {
            Adapter = new AdapterConfig(),
            StartFrom = Last(first),
            Data = new DataConfig { Train = world.Folder["lights"] },
        };

        var error = Assert.Throws<ConfigException>(() => TrainJob.Run(config, stop: Stop));

        Assert.Contains("the labels dark, light", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{Last(first)} predicts the labels blue, green, red", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(config.Output));
    }

    [Fact]
    public void Merge_AsLora_PredictsWhatTheBlocksDid()
    {
        var report = TrainJob.Run(world.Run("to-lora", ShortcutKind.Block), stop: Stop);
        var output = world.Folder["as-lora"];

        var merge = MergeJob.Run(
            new MergeOptions { Adapter = Last(report), Model = world.Model, As = MergeTarget.Lora, Output = output }, stop: Stop);

        // float32: a shortcut's sum and one product of its factors round differently
        const double exactly = 1e-5;
        Assert.True(merge.IsExact);
        Assert.All(Predict(Last(report)).Zip(Predict(output)), pair => Assert.All(
            pair.First.Probabilities!, share => Assert.Equal(share.Value, pair.Second.Probabilities![share.Key], exactly)));
    }

    [Fact]
    public void Measure_ManyPictures_LeavesNoTensor()
    {
        using var session = ModelSession.Load(world.Model);
        var workload = WorkloadRegistry.Of("image-classification");
        var data = workload.Read(new GivenData("image-classification", world.Folder["lights"], TaskSplit.Test), session);

        var growth = LiveTensors.Growth(() => data.Measure(session, new MeasuringTerms(4, 1), Stop));

        Assert.Equal(0, growth);
    }

    private static string Last(TrainReport report) => Path.Combine(report.RunFolder, "last");

    private void Save(string folder, int count)
    {
        string[] colours = ["red", "green", "blue"];
        foreach (var (colour, i) in colours.SelectMany((_, c) => Enumerable.Range(0, count).Select(i => (c, i))))
        {
            var name = folder == "listed" ? $"{colour}" : colours[colour];
            world.Save($"{folder}/{name}/{i}.png", TinyPictureWorld.Picture(colour, i + folder.Length, 20, 20));
        }
    }

    private List<LabelPrediction> Predict(string adapter)
    {
        var found = new List<LabelPrediction>();
        PredictJob.Run(new PredictOptions { Model = world.Model, Adapter = adapter, Data = world.Colours }, [], found.Add, Stop);
        return found;
    }
}
