using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Merging;
using ResLora.Experiments.Planning;
using ResLora.Experiments.Predicting;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Training;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments.Running;

/// <summary>Encoders through the whole of the tool: plan, train, save, evaluate, merge, predict.</summary>
public sealed class LabelledTrainJobTests(TinyEncoderWorld world) : IClassFixture<TinyEncoderWorld>
{
    private const double Exactly = 1e-5;   // float32: W x + s B A x and (W + s B A) x round differently

    public static TheoryData<string, ShortcutKind, int> Structures => new()
    {
        { "lora", ShortcutKind.None, 1 },
        { "input", ShortcutKind.Input, 1 },
        { "block", ShortcutKind.Block, 2 },
        { "middle", ShortcutKind.Middle, 2 },
    };

    [Theory]
    [MemberData(nameof(Structures))]
    public void Run_EveryStructure_LearnsAndItsFolderPredictsTheSame(string name, ShortcutKind kind, int previous)
    {
        var config = world.Run($"{name}-run", kind, steps: 60, previous: previous);

        var report = TrainJob.Run(config, stop: Stop);

        Assert.True(report.Result.Losses[^1].Loss < 0.75 * report.Result.Losses[0].Loss, $"{report.Result.Losses[0].Loss} to {report.Result.Losses[^1].Loss}");
        Assert.Equal(["eval_loss", "eval_score", "eval_accuracy", "eval_macro_f1"], report.Result.LastMetrics.Keys);
        using var session = ModelSession.Load(world.Model, Path.Combine(report.RunFolder, "last"));
        Assert.Equal(["bad", "good"], session.Encoder.Head.Labels);
        Assert.Equal(["classifier"], session.Adapter!.SavedModules);
        Assert.All(session.Adapter.Blocks, block => Assert.NotEqual(0, block.B.abs().max().item<float>()));
        var evaluation = Evaluate(world.Model, Path.Combine(report.RunFolder, "last"));
        Assert.True(evaluation.Labels!.Metrics["accuracy"] > 0.8, $"accuracy {evaluation.Labels.Metrics["accuracy"]}");
    }

    [Fact]
    public void Run_NoTargets_TakesThoseOfTheFamilyAndSavesThem()
    {
        var config = world.Run("default-targets", steps: 1) with { Adapter = new AdapterConfig { Rank = 2 } };

        var plan = PlanJob.Run(config);
        var report = TrainJob.Run(config, stop: Stop);

        Assert.Equal("query, value", $"{plan.Adapter!.Targets}");
        Assert.Equal(["query", "value"], plan.Layers.Select(group => group.Suffix));
        Assert.Equal("query, value", $"{RunConfig.Read(new RunFolder(report.RunFolder).ConfigFile).Adapter!.Targets}");
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(report.RunFolder, "last", "adapter_config.json")));
        Assert.Equal(["query", "value"], json.RootElement.GetProperty("target_modules").EnumerateArray().Select(name => name.GetString()));
    }

    [Theory]
    [InlineData(ShortcutKind.None, "adapter_model.safetensors")]
    [InlineData(ShortcutKind.Input, "adapter.safetensors")]
    public void Run_AdapterFolder_HoldsTheHead(ShortcutKind kind, string file)
    {
        var report = TrainJob.Run(world.Run($"head-{kind}", kind), stop: Stop);

        var folder = Path.Combine(report.RunFolder, "last");
        var names = ResLora.Tensors.Safetensors.SafetensorsReader.ReadHeader(Path.Combine(folder, file)).Entries.Keys;
        var prefix = kind == ShortcutKind.None ? "base_model.model." : "";
        Assert.Equal(
            [$"{prefix}classifier.dense.bias", $"{prefix}classifier.dense.weight", $"{prefix}classifier.out_proj.bias", $"{prefix}classifier.out_proj.weight"],
            names.Where(name => name.Contains("classifier", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        if (kind == ShortcutKind.None)
        {
            using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "adapter_config.json")));
            Assert.Equal("SEQ_CLS", json.RootElement.GetProperty("task_type").GetString());
            Assert.Equal("classifier", Assert.Single(json.RootElement.GetProperty("modules_to_save").EnumerateArray()).GetString());
            Assert.Equal(
                ["query", "value"], json.RootElement.GetProperty("target_modules").EnumerateArray().Select(name => name.GetString()));
        }
    }

    [Fact]
    public void Load_HeadOfTwoThousandMillionOutputs_IsRefusedAndNotAllocated()
    {
        var report = TrainJob.Run(world.Run("huge-head", ShortcutKind.None, steps: 1), stop: Stop);
        var folder = Path.Combine(report.RunFolder, "last");
        File.Delete(Path.Combine(folder, ModelHeadFile.FileName));
        // No bytes at all: the shape costs the file nothing.
        using var outputs = TorchSharp.torch.zeros(2_000_000_000, 0);
        var path = Path.Combine(folder, "adapter_model.safetensors");
        File.Delete(path);
        ResLora.Tensors.Safetensors.SafetensorsWriter.Write(
            path, [KeyValuePair.Create("base_model.model.classifier.out_proj.weight", outputs)]);

        Assert.ThrowsAny<ResLoraException>(() => ModelSession.Load(world.Model, folder));
    }

    [Fact]
    public void Load_FolderAsPeftWritesIt_FindsTheHeadByItsShape()
    {
        var report = TrainJob.Run(world.Run("as-peft", ShortcutKind.None), stop: Stop);
        var folder = Path.Combine(report.RunFolder, "last");
        var expected = Predict(world.Model, folder);
        File.Delete(Path.Combine(folder, ModelHeadFile.FileName));
        var config = Path.Combine(folder, "adapter_config.json");
        File.WriteAllText(
            config, File.ReadAllText(config).Replace("\"classifier\"", "\"classifier\", \"score\"", StringComparison.Ordinal));

        var predictions = Predict(world.Model, folder);

        Assert.Equal(expected.Select(p => p.Probabilities!.Values), predictions.Select(p => p.Probabilities!.Values));
        Assert.Equal(["LABEL_0", "LABEL_1"], predictions[0].Probabilities!.Keys);
    }

    [Theory]
    [InlineData(ShortcutKind.None, MergeTarget.Model)]
    [InlineData(ShortcutKind.Block, MergeTarget.Model)]
    [InlineData(ShortcutKind.Block, MergeTarget.Lora)]
    public void Merge_Exactly_PredictsWhatTheUnmergedModelDoes(ShortcutKind kind, MergeTarget target)
    {
        var name = $"exact-{kind}-{target}";
        var report = TrainJob.Run(world.Run(name, kind, previous: kind == ShortcutKind.Block ? 2 : 1), stop: Stop);
        var adapter = Path.Combine(report.RunFolder, "last");
        var output = world.Folder[name + "-merged"];

        var merge = MergeJob.Run(new MergeOptions { Adapter = adapter, Model = world.Model, As = target, Output = output }, stop: Stop);

        var unmerged = Predict(world.Model, adapter);
        var merged = target == MergeTarget.Model ? Predict(output, null) : Predict(world.Model, output);
        Assert.True(merge.IsExact);
        Assert.Contains("validation data of the run", merge.MeasuredOn, StringComparison.Ordinal);
        Assert.Equal(1, merge.Loss.TopOneAgreement);
        Assert.Equal(merge.Loss.LossUnmerged, merge.Loss.LossMerged, Exactly);
        Assert.All(unmerged.Zip(merged), pair =>
        {
            Assert.Equal(pair.First.Label, pair.Second.Label);
            Assert.All(pair.First.Probabilities!, share => Assert.Equal(share.Value, pair.Second.Probabilities![share.Key], Exactly));
        });
    }

    [Theory]
    [InlineData(ShortcutKind.Input, MergeMethod.Input)]
    [InlineData(ShortcutKind.Input, MergeMethod.Weights)]
    [InlineData(ShortcutKind.Input, MergeMethod.LeastSquares)]
    [InlineData(ShortcutKind.Middle, MergeMethod.LeastSquares)]
    [InlineData(ShortcutKind.Middle, MergeMethod.Projection)]
    [InlineData(ShortcutKind.Middle, MergeMethod.Dropped)]
    [InlineData(ShortcutKind.Middle, MergeMethod.Input)]
    [InlineData(ShortcutKind.Middle, MergeMethod.Weights)]
    public void Merge_Approximately_MeasuresWhatIsLostAndKeepsTheLabels(ShortcutKind kind, MergeMethod method)
    {
        var name = $"near-{kind}-{method}";
        var report = TrainJob.Run(world.Run(name, kind), stop: Stop);

        var merge = MergeJob.Run(new MergeOptions
        {
            Adapter = Path.Combine(report.RunFolder, "last"),
            Model = world.Model,
            Method = method,
            As = MergeTarget.Model,
            Output = world.Folder[name + "-merged"],
        }, stop: Stop);

        Assert.False(merge.IsExact);
        Assert.True(double.IsFinite(merge.Loss.MeanKl) && double.IsFinite(merge.Loss.LossMerged));
        Assert.Equal(["bad", "good"], Predict(world.Folder[name + "-merged"], null)[0].Probabilities!.Keys);
    }

    [Fact]
    public void Run_Scores_AreLearntEvaluatedAndMerged()
    {
        var report = TrainJob.Run(world.Run("scores", ShortcutKind.Block, steps: 20, task: "regression"), stop: Stop);
        var adapter = Path.Combine(report.RunFolder, "last");

        var merge = MergeJob.Run(
            new MergeOptions { Adapter = adapter, Model = world.Model, As = MergeTarget.Model, Output = world.Folder["scores-merged"] },
            stop: Stop);

        Assert.Equal(["eval_loss", "eval_score", "eval_pearson", "eval_spearman"], report.Result.LastMetrics.Keys);
        Assert.True(report.Result.Losses[^1].Loss < report.Result.Losses[0].Loss);
        Assert.True(double.IsNaN(merge.Loss.TopOneAgreement));
        Assert.Equal(0, merge.Loss.MeanKl, Exactly);
        Assert.Equal(merge.Loss.LossUnmerged, merge.Loss.LossMerged, 1e-4);
        Assert.All(
            Predict(world.Folder["scores-merged"], null), p => Assert.True(p is { Label: null, Probabilities: null, Score: not null }));
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(world.Folder["scores-merged"], "config.json")));
        Assert.Equal("regression", json.RootElement.GetProperty("problem_type").GetString());
    }

    [Theory]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Merge_AdapterWithoutItsRun_IsMeasuredOnRandomTokens(ShortcutKind kind)
    {
        var report = TrainJob.Run(world.Run($"moved-{kind}", kind), stop: Stop);
        var moved = world.Folder[$"elsewhere-{kind}"];
        Directory.Move(Path.Combine(report.RunFolder, "last"), moved);

        var merge = MergeJob.Run(
            new MergeOptions { Adapter = moved, Model = world.Model, As = MergeTarget.Lora, Output = moved + "-merged" }, stop: Stop);

        Assert.Equal("32 rows of 32 random tokens, labelled by the unmerged model", merge.MeasuredOn);
        Assert.Equal(kind == ShortcutKind.Block, merge.IsExact);
        // What the unmerged model says is right by definition, so that its loss is below that of a coin.
        Assert.True(merge.Loss.LossUnmerged <= Math.Log(2));
    }

    [Fact]
    public void Run_StartedFromAnAdapter_GoesOnWithItsHead()
    {
        var first = TrainJob.Run(world.Run("first", ShortcutKind.Input, steps: 30), stop: Stop);
        var config = world.Run("second", ShortcutKind.Input, steps: 1);

        var second = TrainJob.Run(config with { StartFrom = Path.Combine(first.RunFolder, "last"), Adapter = null }, stop: Stop);

        Assert.True(
            second.Result.LastLoss < first.Result.Losses[0].Loss, $"{second.Result.LastLoss} is not below {first.Result.Losses[0].Loss}");
        using var session = ModelSession.Load(world.Model, Path.Combine(second.RunFolder, "last"));
        Assert.Equal(["classifier"], session.Adapter!.SavedModules);
    }

    [Fact]
    public void Run_AllWeights_WritesAModelWithItsHead()
    {
        var report = TrainJob.Run(world.Run("whole", kind: null, steps: 10), stop: Stop);

        var evaluation = Evaluate(Path.Combine(report.RunFolder, "last"), null);

        Assert.Equal(61, evaluation.Samples);
        Assert.Equal(["bad", "good"], evaluation.Labels!.Report!.Classes.Select(c => c.Label));
    }

    [Fact]
    public void Run_Resumed_GoesOnBitForBit()
    {
        var straight = TrainJob.Run(world.Run("straight", ShortcutKind.Middle, steps: 6), stop: Stop);
        var config = world.Run("resumed", ShortcutKind.Middle, steps: 6) with { };
        using var source = new CancellationTokenSource();

        TrainJob.Run(config, progress: new CancelAfter(3, source), stop: source.Token);
        var resumed = TrainJob.Run(config, resume: true, stop: Stop);

        Assert.Equal(straight.Result.Losses, resumed.Result.Losses);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(straight.RunFolder, "last", "adapter.safetensors")),
            File.ReadAllBytes(Path.Combine(resumed.RunFolder, "last", "adapter.safetensors")));
    }

    [Fact]
    public void Run_GradientCheckpointing_GivesTheSameLosses()
    {
        var config = world.Run("kept", ShortcutKind.Input, steps: 3);
        var kept = TrainJob.Run(config, stop: Stop);

        var again = TrainJob.Run(
            config with { Output = world.Folder["computed-again"], Training = config.Training with { GradientCheckpointing = true } },
            stop: Stop);

        Assert.All(kept.Result.Losses.Zip(again.Result.Losses), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, Exactly));
    }

    [Fact]
    public void Run_GivenLabels_AreTheOrderOfTheHead()
    {
        var config = world.Run("given", ShortcutKind.None, steps: 1);

        var report = TrainJob.Run(config with { Data = config.Data with { Labels = ["good", "bad", "so-so"] } }, stop: Stop);

        Assert.Equal(["good", "bad", "so-so"], Predict(world.Model, Path.Combine(report.RunFolder, "last"))[0].Probabilities!.Keys);
    }

    [Fact]
    public void Run_SameSeed_DrawsTheSameHead()
    {
        var first = TrainJob.Run(world.Run("seed-a", ShortcutKind.None, steps: 1), stop: Stop);
        var second = TrainJob.Run(world.Run("seed-b", ShortcutKind.None, steps: 1), stop: Stop);
        var other = world.Run("seed-c", ShortcutKind.None, steps: 1);
        var third = TrainJob.Run(other with { Training = other.Training with { Seed = 4 } }, stop: Stop);

        Assert.Equal(first.Result.LastLoss, second.Result.LastLoss);
        Assert.NotEqual(first.Result.LastLoss, third.Result.LastLoss);
    }

    [Fact]
    public void Plan_NewHead_IsSaidAndLabelsAreCounted()
    {
        var plan = PlanJob.Run(world.Run("planned", ShortcutKind.Block));

        Assert.Equal(["classifier"], plan.NewModules);
        Assert.Equal(("bad", "good"), (plan.Balance[0].Label, plan.Balance[1].Label));
        Assert.Equal(53, plan.Balance.Sum(label => label.Count));
        Assert.Equal(["data", "labels"], plan.DataFacts.Select(fact => fact.Key));
        Assert.EndsWith("0 cut to the limit, 8 for validation", plan.DataFacts[0].Value, StringComparison.Ordinal);
        Assert.StartsWith(
            $"bad {plan.Balance[0].Share:0.0 %} ({plan.Balance[0].Count}), good ", plan.DataFacts[1].Value, StringComparison.Ordinal);
        Assert.Equal((8, 6), (plan.ValidationSamples, plan.Run.Modules.Count));
        // Six blocks of 2 · (16 + 16), and the head's 16 · 16 + 16 + 2 · 16 + 2.
        Assert.Equal((6 * 64) + 306, plan.Run.TrainableParameters);
    }

    [Fact]
    public void Run_TaskThatGenerates_IsRefused()
    {
        var error = Assert.Throws<ConfigException>(() => TrainJob.Run(world.Run("refused") with { Task = "completion" }, stop: Stop));

        Assert.Contains("Task 'completion' generates text, and ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_ModelWithoutAHead_IsRefused()
    {
        var error = Assert.Throws<ConfigException>(() => Evaluate(world.Model, null));

        Assert.Contains(
            "predicts masked tokens; take the model or adapter that was trained for it", error.Message, StringComparison.Ordinal);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private EvaluationReport Evaluate(string model, string? adapter) => EvaluateJob.Run(
        new EvaluateOptions { Model = model, Adapter = adapter, Task = "classification", Data = world.Folder["reviews.jsonl"] }, stop: Stop);

    private List<LabelPrediction> Predict(string model, string? adapter)
    {
        var predictions = new List<LabelPrediction>();
        PredictJob.Run(
            new PredictOptions { Model = model, Adapter = adapter, Data = world.Folder["reviews.jsonl"], BatchSize = 5 },
            [],
            predictions.Add,
            Stop);
        return predictions;
    }

    private sealed class CancelAfter(int step, CancellationTokenSource source) : IProgress<RunEvent>
    {
        public void Report(RunEvent value)
        {
            if (value is StepDone done && done.Step == step)
            {
                source.Cancel();
            }
        }
    }
}
