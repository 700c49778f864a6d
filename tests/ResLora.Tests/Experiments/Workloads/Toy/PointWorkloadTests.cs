using ResLora.Adapters;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Merging;
using ResLora.Experiments.Planning;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tests.Support;
using ResLora.Tests.Training.Toy;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments.Workloads.Toy;

/// <summary>A workload is two files and a registration: the jobs that a user calls take points as they take texts and pictures.</summary>
public sealed class PointWorkloadTests : IDisposable
{
    private const double Rounding = 1e-5;

    private readonly TemporaryFolder _folder = new();
    private readonly IDisposable _workload = WorkloadRegistry.Register(new PointWorkload());
    private readonly IDisposable _family = ModelRegistry.Register(
        new ModelFamily { ModelTypes = ["points"], Build = (_, _) => new ToyNetwork() });

    public PointWorkloadTests()
    {
        using var model = new ToyNetwork(seed: 3);
        Directory.CreateDirectory(_folder["source"]);
        File.WriteAllText(Path.Combine(_folder["source"], "config.json"), """{ "model_type": "points" }""");
        ModelFolder.Write(model, _folder["source"], _folder["model"]);
        _folder.Write("points.txt", string.Concat(Enumerable.Range(0, 64).Select(Line)));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _workload.Dispose();
        _family.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Input)]
    public void Run_TrainedEvaluatedAndMerged_TheModelKeepsWhatWasLearnt(ShortcutKind kind)
    {
        var before = Evaluate(_folder["model"], null).Loss.Loss;
        var last = Trained("run", kind);

        var trained = Evaluate(_folder["model"], last).Loss.Loss;
        var merge = new MergeOptions { Adapter = last, As = MergeTarget.Model, Output = _folder["merged"] };
        var model = MergeJob.Run(merge, stop: Stop);
        var lora = MergeJob.Run(merge with { As = MergeTarget.Lora, Output = _folder["lora"] }, stop: Stop);
        var merged = Evaluate(_folder["merged"], null).Loss.Loss;

        Assert.True(trained < 0.5 * before);
        Assert.StartsWith("16 points of the validation data of the run in ", model.MeasuredOn, StringComparison.Ordinal);
        Assert.All([model, lora], report => Assert.InRange(report.ReadBackDifference!.Value, 0, Rounding));
        Assert.Equal(merged, Evaluate(_folder["model"], _folder["lora"]).Loss.Loss, Rounding);
        if (kind == ShortcutKind.None)
        {
            Assert.Equal(trained, merged, Rounding);
        }
        else
        {
            Assert.True(merged < before);
        }
    }

    [Fact]
    public void Plan_OfPoints_SaysWhatIsTrained()
    {
        var plan = PlanJob.Run(Config("planned", ShortcutKind.Input));

        Assert.Equal((48, 16, 3), (plan.Run.Samples, plan.ValidationSamples, plan.Run.Modules.Count));
        Assert.Equal([new("data", "48 points")], plan.DataFacts);
        Assert.Null(plan.Run.Memory);
    }

    [Fact]
    public void Run_InterruptedAndResumed_EqualsAnUninterruptedRunBitForBit()
    {
        var whole = Trained("whole", ShortcutKind.Input);
        using var stop = new CancellationTokenSource();
        var stopped = TrainJob.Run(Config("parts", ShortcutKind.Input), progress: new StopAfter(23, stop), stop: stop.Token);

        var resumed = TrainJob.Run(Config("parts", ShortcutKind.Input), resume: true, stop: Stop);

        Assert.Equal(23, stopped.Result.Steps);
        Assert.Equal(Tensors(whole), Tensors(Path.Combine(resumed.RunFolder, "last")));
    }

    [Theory]
    [InlineData("peft", ShortcutKind.None)]
    [InlineData("peft", ShortcutKind.Input)]
    [InlineData("hf", ShortcutKind.Input)]
    public void Export_OfATrainedAdapter_IsReadBackAndProved(string target, ShortcutKind kind)
    {
        var last = Trained("run", kind);

        var report = ExportJob.Run(new ExportOptions { To = target, Adapter = last, Output = _folder["out"], AllowLossy = true });
        var check = ExportCheck.Run(_folder["out"]);

        var proof = Assert.Single(report.Proofs);
        Assert.InRange(proof.MaxLogitDifference, 0, Rounding);
        Assert.Equal(16, proof.Predictions);
        Assert.True(check.Compared);
        Assert.Empty(check.Differences);
    }

    [Fact]
    public void Read_NoTaskNamed_IsFoundByTheNetwork()
    {
        var (config, found) = new RunRequest { Model = _folder["model"], Data = _folder["points.txt"] }.Read();

        Assert.Equal(PointWorkload.TaskName, config.Task);
        Assert.Equal("The task is points: the model takes points (--task names another).", found);
    }

    [Fact]
    public void Register_TaskThatIsTaken_IsRefused() =>
        Assert.Throws<ArgumentException>(() => WorkloadRegistry.Register(new PointWorkload()));

    [Fact]
    public void Register_TakenOutAgain_IsThereNoMore()
    {
        _workload.Dispose();

        Assert.Throws<ConfigException>(() => WorkloadRegistry.Of(PointWorkload.TaskName));
    }

    private static string Line(int i)
    {
        int[] point = [.. Enumerable.Range(1, ToyNetwork.Width).Select(k => ((i * k * 7) + (i / 3)) % 10)];
        return string.Join(' ', point.Append(point[0] - (point[1] / 2))) + "\n";
    }

    private RunConfig Config(string output, ShortcutKind kind) => new()
    {
        Model = _folder["model"],
        Task = PointWorkload.TaskName,
        Data = new DataConfig { Train = _folder["points.txt"], ValidationCount = 16 },
        Adapter = new AdapterConfig { Rank = 2, Shortcut = new ShortcutConfig { Kind = kind } },
        Training =
            new TrainConfig { Steps = 60, BatchSize = 8, LearningRate = 0.02, Threads = 1, CheckpointEvery = 10, EvaluateEvery = 20 },
        Output = _folder[output],
    };

    private string Trained(string output, ShortcutKind kind) =>
        Path.Combine(TrainJob.Run(Config(output, kind), stop: Stop).RunFolder, "last");

    private EvaluationReport Evaluate(string model, string? adapter) => EvaluateJob.Run(
        new EvaluateOptions { Model = model, Adapter = adapter, Task = PointWorkload.TaskName, Data = _folder["points.txt"] }, stop: Stop);

    private static byte[] Tensors(string folder) => File.ReadAllBytes(Directory.GetFiles(folder, "*.safetensors").Single());
}
