using System.Text.Json;
using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Training.Loop;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Training.Loop;

public class TrainerTests
{
    // Other sums in another order: float32 rounding only.
    private const double Rounding = 1e-5;

    [Theory]
    [InlineData(null)]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_SmallData_LearnsIt(ShortcutKind? shortcut)
    {
        using var bench = new TrainingBench(shortcut);

        var result = bench.Train(TrainingBench.Config with { Steps = 60, LearningRate = 0.02 });

        Assert.Equal(60, result.Steps);
        Assert.Equal(result.LastLoss, result.Losses[^1].Loss);
        Assert.True(result.LastLoss < 0.7 * result.Losses[0].Loss, $"{result.Losses[0].Loss} -> {result.LastLoss}");
        Assert.False(result.Interrupted);
    }

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_BFloat16Base_LearnsInFloat32(ShortcutKind shortcut)
    {
        using var bench = new TrainingBench(shortcut, dtype: torch.ScalarType.BFloat16);

        var result = bench.Train(TrainingBench.Config with { Steps = 60, LearningRate = 0.02, DataType = "bfloat16" });

        Assert.True(result.LastLoss < 0.7 * result.Losses[0].Loss, $"{result.Losses[0].Loss} -> {result.LastLoss}");
        Assert.All(bench.Setup.Trainable, p => Assert.Equal(torch.float32, p.Value.dtype));
    }

    [Fact]
    public void Run_AccumulatedAndWholeBatches_AreTheSameStep()
    {
        using var whole = new TrainingBench();
        using var parts = new TrainingBench();

        var expected = whole.Train(TrainingBench.Config with { BatchSize = 4, AccumulationSteps = 1 });
        var actual = parts.Train(TrainingBench.Config with { BatchSize = 1, AccumulationSteps = 4 });

        Assert.All(expected.Losses.Zip(actual.Losses), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, Rounding));
        Assert.All(whole.Weights().Zip(parts.Weights()), pair => Assert.Equal(pair.First, pair.Second, Rounding));
    }

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_SameSeedTwice_IsEqualBitForBit(ShortcutKind shortcut)
    {
        using var first = new TrainingBench(shortcut, dropout: 0.2);
        using var second = new TrainingBench(shortcut, dropout: 0.2);

        var expected = first.Train(TrainingBench.Config);
        var actual = second.Train(TrainingBench.Config);

        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(first.Weights(), second.Weights());
    }

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_WithGradientCheckpointing_IsTheSameRun(ShortcutKind shortcut)
    {
        using var plain = new TrainingBench(shortcut, dropout: 0.2);
        using var checkpointed = new TrainingBench(shortcut, dropout: 0.2);

        var expected = plain.Train(TrainingBench.Config);
        var actual = checkpointed.Train(TrainingBench.Config with { GradientCheckpointing = true });

        Assert.All(expected.Losses.Zip(actual.Losses), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, Rounding));
        Assert.All(checkpointed.Adapter!.Blocks, block => Assert.True(block.B.abs().sum().item<float>() > 0, block.ModuleName));
    }

    [Theory]
    [InlineData(ShortcutKind.None, false)]
    [InlineData(ShortcutKind.Input, false)]
    [InlineData(ShortcutKind.Block, false)]
    [InlineData(ShortcutKind.Middle, false)]
    [InlineData(ShortcutKind.None, true)]
    [InlineData(ShortcutKind.Input, true)]
    [InlineData(ShortcutKind.Block, true)]
    [InlineData(ShortcutKind.Middle, true)]
    public void Run_ManySteps_KeepsNoTensorAlive(ShortcutKind shortcut, bool checkpointing)
    {
        using var bench = new TrainingBench(shortcut, dropout: 0.1);
        var counts = new Dictionary<int, long>();
        var trainer =
            new Trainer(bench.Setup with { Config = TrainingBench.Config with { Steps = 20, GradientCheckpointing = checkpointing } });

        trainer.Run(new Counter(counts), resume: false, TestContext.Current.CancellationToken);

        // Where a checkpointed layer's shortcut is not read, its gradient is an object without a native tensor, which TorchSharp
        // counts as made and never as disposed.
        var undefinedGradients =
            checkpointing && shortcut is ShortcutKind.Input or ShortcutKind.Middle ? 18 * bench.Adapter!.Blocks.Count : 0;
        Assert.InRange(counts[20] - counts[2], 0, undefinedGradients);
    }

    [Fact]
    public void Run_Paused_IsEvaluatedThereAndGoesOnAsIfItHadNot()
    {
        using var whole = new TrainingBench(dropout: 0.2);
        using var parts = new TrainingBench(dropout: 0.2);
        var expected = whole.Train(TrainingBench.Config);

        var paused = parts.Train(TrainingBench.Config with { PauseAt = 2 });
        var again = parts.Train(TrainingBench.Config with { PauseAt = 2 }, resume: true);
        var result = parts.Train(TrainingBench.Config, resume: true);

        Assert.Equal((2, true, 2, true), (paused.Steps, paused.Interrupted, again.Steps, again.Interrupted));
        Assert.Equal([2, 4], parts.Events.OfType<EvaluationDone>().Select(done => done.Step));
        Assert.Equal((4, false), (result.Steps, result.Interrupted));
        Assert.Equal(expected.Losses, result.Losses);
        Assert.Equal(whole.Weights(), parts.Weights());
    }

    [Fact]
    public void Run_PausedAtItsLastStep_IsOver()
    {
        using var bench = new TrainingBench();

        Assert.False(bench.Train(TrainingBench.Config with { PauseAt = TrainingBench.Config.Steps }).Interrupted);
    }

    [Fact]
    public void Run_Always_LeavesModeAndHooksAsTheyWere()
    {
        using var bench = new TrainingBench(ShortcutKind.Input);
        bench.Model.eval();

        bench.Train(TrainingBench.Config with { GradientCheckpointing = true });

        Assert.False(bench.Model.training);
        Assert.Null(bench.Model.RunLayer);
        Assert.Null(bench.Model.BeginForward);
        Assert.All(bench.Setup.Trainable, p => Assert.Null(p.Value.grad));
    }

    [Fact]
    public void Run_Always_WritesMetricsBestAndLast()
    {
        using var bench = new TrainingBench();

        var result = bench.Train(TrainingBench.Config with { EvaluateEvery = 2 });

        var lines =
            File.ReadLines(Path.Combine(bench.RunFolder, "metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        var steps = lines.Where(line => line.TryGetProperty("loss", out _)).ToArray();
        Assert.Equal([1, 2, 3, 4], steps.Select(line => line.GetProperty("step").GetInt32()));
        Assert.Equal(result.Losses.Select(l => l.Loss), steps.Select(line => line.GetProperty("loss").GetDouble()));
        Assert.Equal(
            [2, 4], lines.Where(line => line.TryGetProperty("eval_loss", out _)).Select(line => line.GetProperty("step").GetInt32()));
        Assert.True(File.Exists(Path.Combine(bench.RunFolder, "best", "weights.safetensors")));
        Assert.True(File.Exists(Path.Combine(bench.RunFolder, "last", "weights.safetensors")));
    }

    [Fact]
    public void Run_NoLongerImproving_StopsEarly()
    {
        using var bench = new TrainingBench();
        var values = new Queue<double>([0.5, 0.7, 0.6, 0.7, 0.9]);
        bench.Setup = bench.Setup with { ExtraMetrics = () => new Dictionary<string, double> { ["eval_accuracy"] = values.Dequeue() } };

        var result = bench.Train(TrainingBench.Config with { Steps = 20, EvaluateEvery = 2, Patience = 2, BestMetric = "eval_accuracy" });

        Assert.True(result.StoppedEarly);
        Assert.Equal((8, 4, 0.7), (result.Steps, result.BestStep, result.BestMetric));
        Assert.Equal([true, true, false, false], bench.Events.OfType<EvaluationDone>().Select(e => e.IsBest));
        Assert.Equal(8, Assert.Single(bench.Events.OfType<EarlyStopped>()).Step);
    }

    [Fact]
    public void Run_PerplexityThatRises_KeepsTheFirstAsBest()
    {
        using var bench = new TrainingBench();
        var values = new Queue<double>([2, 3]);
        bench.Setup = bench.Setup with { Validation = [], ExtraMetrics = () => new Dictionary<string, double> { ["eval_perplexity"] = values.Dequeue() } };

        var result = bench.Train(TrainingBench.Config with { EvaluateEvery = 2, BestMetric = "eval_perplexity" });

        Assert.Equal((2, 2.0), (result.BestStep, result.BestMetric));
        Assert.NotEqual(
            File.ReadAllBytes(Path.Combine(bench.RunFolder, "last", "weights.safetensors")),
            File.ReadAllBytes(Path.Combine(bench.RunFolder, "best", "weights.safetensors")));
    }

    [Fact]
    public void Run_FolderOfAnEndedRun_IsRefusedAndLeftAsItWas()
    {
        using var bench = new TrainingBench();
        bench.Train(TrainingBench.Config);
        var last = File.ReadAllBytes(Path.Combine(bench.RunFolder, "last", "weights.safetensors"));

        var error = Assert.Throws<ConfigException>(() => bench.Train(TrainingBench.Config));

        Assert.Contains("holds an earlier run", error.Message, StringComparison.Ordinal);
        Assert.Equal(last, File.ReadAllBytes(Path.Combine(bench.RunFolder, "last", "weights.safetensors")));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(1, 3)]
    public void Run_LastUpdateThatIsNotFinite_FailsWithItsNameAndSavesNothing(int checkpointEvery, int validation)
    {
        using var bench = new TrainingBench();
        bench.Setup = bench.Setup with { Validation = [.. bench.Setup.Validation.Take(validation)] };

        using (torch.no_grad())
        {
            bench.Adapter!.Blocks[1].A.fill_(1e10);
        }

        // B is 0, so that the loss of the one step is finite; the decay then multiplies A by -1e36.
        var error = Assert.Throws<TrainingFailedException>(() => bench.Train(
            TrainingBench.Config with { Steps = 1, LearningRate = 1e30, WeightDecay = 1e6, WarmupRatio = 0, CheckpointEvery = checkpointEvery }));

        Assert.Equal((1, $"{bench.Adapter.Blocks[1].ModuleName}.lora_A.weight"), (error.Step, error.TensorName));
        Assert.All(["last", "best", "checkpoints"], name => Assert.False(Path.Exists(Path.Combine(bench.RunFolder, name)), name));
    }

    [Fact]
    public void Run_WeightThatOnlyTheHeldOutDataReads_FailsWithItsName()
    {
        using var bench = new TrainingBench();
        const int unread = TinyModel.Vocabulary - 1;
        bench.Setup = bench.Setup with { Train = [.. bench.Setup.Train.Cast<TokenizedSample>().Where(s => !s.Ids.Contains(unread))], Validation = [new TokenizedSample([1, unread, 3], [-100, -100, 3])] };
        using (torch.no_grad())
        {
            bench.Model.named_parameters().Single(p => p.name == "model.embed_tokens.weight").parameter[unread].fill_(float.NaN);
        }

        var error = Assert.Throws<TrainingFailedException>(() => bench.Train(TrainingBench.Config));

        Assert.Equal((4, "model.embed_tokens.weight"), (error.Step, error.TensorName));
        Assert.False(Path.Exists(Path.Combine(bench.RunFolder, "best")));
    }

    [Fact]
    public void Run_LogThatCannotBeWritten_SaysSoOnceAndGoesOn()
    {
        using var bench = new TrainingBench();
        bench.OnEvent = e =>
        {
            if (e is StepDone { Step: 1 })
            {
                Directory.Delete(Path.Combine(bench.RunFolder, "tensorboard"), recursive: true);
            }
        };

        var result = bench.Train(TrainingBench.Config);

        Assert.Equal(4, result.Steps);
        Assert.Contains("tensorboard cannot be written", Assert.Single(bench.Events.OfType<Note>()).Text, StringComparison.Ordinal);
        Assert.Equal(5, File.ReadLines(Path.Combine(bench.RunFolder, "metrics.jsonl")).Count());
        Assert.True(Path.Exists(Path.Combine(bench.RunFolder, "last")));
    }

    [Fact]
    public void Result_Printed_ShowsItsLosses()
    {
        using var bench = new TrainingBench();

        var text = bench.Train(TrainingBench.Config).ToString();

        Assert.StartsWith("ended after 4 steps, last loss ", text, StringComparison.Ordinal);
        Assert.Matches(@"losses by step: 1: \d\.\d{4}, 2: \d\.\d{4}, 3: \d\.\d{4}, 4: \d\.\d{4}$", text);
    }

    [Fact]
    public void Run_UnknownBestMetric_IsRefusedWithASuggestion()
    {
        using var bench = new TrainingBench();
        bench.Setup = bench.Setup with { ExtraMetrics = () => new Dictionary<string, double> { ["eval_accuracy"] = 1 } };

        var error = Assert.Throws<ConfigException>(() => bench.Train(TrainingBench.Config with { BestMetric = "eval_acuracy" }));

        Assert.Contains("'eval_accuracy'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Always_WritesTensorBoardEvents()
    {
        using var bench = new TrainingBench();

        bench.Train(TrainingBench.Config);

        var file = Assert.Single(Directory.GetFiles(Path.Combine(bench.RunFolder, "tensorboard"), "*", SearchOption.AllDirectories));
        Assert.Contains("eval_loss", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_InfiniteWeight_FailsWithStepAndName()
    {
        using var bench = new TrainingBench();
        using (torch.no_grad())
        {
            bench.Adapter!.Blocks[1].B.fill_(float.NaN);
        }

        var error = Assert.Throws<TrainingFailedException>(() => bench.Train(TrainingBench.Config));

        Assert.Equal(1, error.Step);
        Assert.Equal($"{bench.Adapter.Blocks[1].ModuleName}.lora_B.weight", error.TensorName);
    }

    [Fact]
    public void Run_GradientOfExactlyZero_FailsAndSaysSo()
    {
        using var bench = new TrainingBench();
        using (torch.no_grad())
        {
            bench.Model.named_parameters().Single(p => p.name == "model.norm.weight").parameter.fill_(0);
        }

        var error = Assert.Throws<TrainingFailedException>(() => bench.Train(TrainingBench.Config));

        Assert.Equal(1, error.Step);
        Assert.Contains("its gradient is exactly 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_OverflowInALayer_NamesTheLayer()
    {
        using var bench = new TrainingBench();
        var block = bench.Adapter!.Blocks.Single(b => b.ModuleName == "model.layers.1.mlp.down_proj");
        using (torch.no_grad())
        {
            block.Site.Weight.fill_(float.MaxValue);
        }

        var error = Assert.Throws<TrainingFailedException>(() => bench.Train(TrainingBench.Config));

        Assert.Equal("the output of layer 1", error.TensorName);
    }

    [Fact]
    public void Run_TokenOutsideTheVocabulary_IsRefused()
    {
        using var bench = new TrainingBench();
        bench.Setup = bench.Setup with { Train = [new TokenizedSample([1, TinyModel.Vocabulary], [-100, 2])] };

        var error = Assert.Throws<ConfigException>(() => bench.Train(TrainingBench.Config));

        Assert.Contains($"token {TinyModel.Vocabulary}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_TooManySamplesWithoutTrainedTokens_IsRefused()
    {
        using var bench = new TrainingBench();
        bench.Setup = bench.Setup with { Train = [.. bench.Setup.Train, new TokenizedSample([1, 2, 3], [-100, -100, -100])] };

        var error = Assert.Throws<ConfigException>(() => bench.Train(TrainingBench.Config));

        Assert.Contains("1 of 13", error.Message, StringComparison.Ordinal);
    }

    private sealed class Counter(Dictionary<int, long> counts) : IProgress<RunEvent>
    {
        public void Report(RunEvent value)
        {
            if (value is StepDone step)
            {
                counts[step.Step] = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            }
        }
    }
}
