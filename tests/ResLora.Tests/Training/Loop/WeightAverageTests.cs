using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using ResLora.Training.Objectives;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Loop;

public sealed class WeightAverageTests
{
    private const double Decay = 0.2;
    private const float Rounding = 1e-6f;   // of float32, on numbers below 1

    private static readonly float[] _numbers = [1, 3, 5, 2];
    private static readonly int[] _evaluated = [2, 4, 6];

    private static readonly TrainConfig _config =
        TrainingBench.Config with { Steps = 6, EvaluateEvery = 2, Schedule = ScheduleKind.Constant, Ema = Decay };

    /// <summary>1, then 2/11 · 1 + 9/11 · 3 = 29/11, then with d = 3/12, or 0.2 at most, on to 5; then 2 with d = 4/13.</summary>
    [Theory]
    [InlineData(0.999, 0.25, 4.0 / 13)]
    [InlineData(0.2, 0.2, 0.2)]
    public void Update_NumbersByHand_IsTheEquation(double decay, double third, double fourth)
    {
        using var scope = NewDisposeScope();
        using var parameter = new Parameter(tensor([7f]), requires_grad: false);
        using var average = new WeightAverage([KeyValuePair.Create("p", parameter)], decay);
        var means = new List<float>();

        foreach (var (step, value) in _numbers.Index())
        {
            parameter.fill_(value);
            average.Update(step);
            means.Add(average.State.Single().Value.item<float>());
        }

        var after = (third * 29 / 11) + ((1 - third) * 5);
        double[] expected = [1, 29.0 / 11, after, (fourth * after) + ((1 - fourth) * 2)];
        Assert.Equal("average.p", average.State.Single().Key);
        Assert.All(expected.Zip(means), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public void Use_UntilDisposed_ExchangesTheNumbersBitForBit()
    {
        using var scope = NewDisposeScope();
        using var parameter = new Parameter(tensor([0.1f, -3f]), requires_grad: false);
        using var average = new WeightAverage([KeyValuePair.Create("p", parameter)], 0.9);
        parameter.mul_(1.7f);
        var raw = parameter.data<float>().ToArray();

        using (average.Use())
        {
            Assert.Equal([0.1f, -3f], parameter.data<float>().ToArray());
            Assert.Throws<InvalidOperationException>(average.Use);
        }

        Assert.Equal(raw, parameter.data<float>().ToArray());
        Assert.Equal([0.1f, -3f], average.State.Single().Value.data<float>().ToArray());
        Assert.Equal(0, LiveTensors.Growth(() =>
        {
            average.Update(3);
            average.Use().Dispose();
        }));
    }

    [Fact]
    public void Train_WithAnAverage_EvaluatesTellsAndSavesItAndTrainsOnWithTheNumbersThemselves()
    {
        using var plain = new TrainingBench();
        using var bench = new TrainingBench();
        var (raw, told, measured) = (new List<float[]>(), new List<float[]>(), new List<float[]>());
        bench.Setup = bench.Setup with
        {
            ExtraMetrics = () =>
            {
                measured.Add(bench.Weights());
                return new Dictionary<string, double>();
            },
        };
        bench.OnEvent = e => (e switch { StepDone => raw, EvaluationDone => told, _ => null })?.Add(bench.Weights());

        var expected = plain.Train(_config with { Ema = null });
        var result = bench.Train(_config);

        var averages = Averages(raw);
        Assert.Equal(expected.Losses, result.Losses);
        Assert.Equal(plain.Weights(), raw[^1]);
        foreach (var (number, step) in _evaluated.Index())
        {
            AssertEqual(averages[step - 1], measured[number]);
            AssertEqual(averages[step - 1], told[number]);
        }

        AssertEqual(averages[^1], Saved(bench, "last"));
        AssertEqual(averages[result.BestStep - 1], Saved(bench, "best"));
        AssertEqual(averages[^1], bench.Weights());
        Assert.True(averages[^1].Zip(raw[^1]).Max(pair => Math.Abs(pair.First - pair.Second)) > 1000 * Rounding);
        Assert.Equal(
            bench.Setup.Objective.Measure(bench.Setup.Validation, 3, TestContext.Current.CancellationToken)[Objective.LossMetric],
            result.LastMetrics[Objective.LossMetric], 1e-6);
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(null)]
    public void Train_InterruptedAndResumed_EqualsAnUninterruptedRunBitForBit(ShortcutKind? shortcut)
    {
        var config = _config with { Steps = 8, CheckpointEvery = 2 };
        using var whole = new TrainingBench(shortcut, dropout: 0.2);
        using var parts = new TrainingBench(shortcut, dropout: 0.2);
        using var resumed = new TrainingBench(shortcut, dropout: 0.2);
        resumed.Setup = resumed.Setup with { RunFolder = parts.RunFolder };
        using var stop = new CancellationTokenSource();
        parts.OnEvent = e =>
        {
            if (e is StepDone { Step: 5 })
            {
                stop.Cancel();
            }
        };

        var expected = whole.Train(config);
        var interrupted = parts.Train(config, stop: stop.Token);
        var actual = resumed.Train(config, resume: true);

        Assert.Equal((5, true), (interrupted.Steps, interrupted.Interrupted));
        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(expected.LastMetrics, actual.LastMetrics);
        Assert.Equal((expected.BestMetric, expected.BestStep), (actual.BestMetric, actual.BestStep));
        Assert.Equal(whole.Weights(), resumed.Weights());
        Assert.Equal(Saved(whole, "last"), Saved(resumed, "last"));
        Assert.Equal(Saved(whole, "best"), Saved(resumed, "best"));
    }

    [Fact]
    public void Train_ACheckpoint_HoldsTheNumbersAndTheAverageAndItsAdapterIsAveraged()
    {
        using var bench = new TrainingBench();
        var raw = new List<float[]>();
        bench.OnEvent = e => (e is StepDone ? raw : null)?.Add(bench.Weights());

        bench.Train(_config with { CheckpointEvery = 3 });

        var folder = Path.Combine("checkpoints", "step-000003");
        using var state = SafetensorsReader.Open(Path.Combine(bench.RunFolder, folder, "trainer.safetensors"));
        float[] Of(string prefix) => [.. bench.Setup.Trainable.SelectMany(p => Values(state, $"{prefix}.{p.Key}"))];
        Assert.Equal(raw[2], Of("parameter"));
        AssertEqual(Averages(raw)[2], Of("average"));
        Assert.Equal(Of("average"), Saved(bench, folder));
    }

    [Theory]
    [InlineData(null, 0.9, "ema (not set there, 0.9 here)")]
    [InlineData(0.9, null, "ema (0.9 there, not set here)")]
    [InlineData(0.9, 0.99, "ema (0.9 there, 0.99 here)")]
    public void Train_ResumedWithAnotherAverage_IsRefusedByName(double? before, double? after, string expected)
    {
        using var bench = new TrainingBench();
        bench.Train(_config with { Ema = before, CheckpointEvery = 3 });

        var error = Assert.Throws<ConfigException>(() => bench.Train(_config with { Ema = after, CheckpointEvery = 3 }, resume: true));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_StoppedInAnEvaluation_GoesOnFromTheNumbersThemselves()
    {
        using var whole = new TrainingBench();
        using var bench = new TrainingBench();
        using var stop = new CancellationTokenSource();
        bench.Setup = bench.Setup with
        {
            ExtraMetrics = () =>
            {
                stop.Cancel();
                stop.Token.ThrowIfCancellationRequested();
                return new Dictionary<string, double>();
            },
        };

        var expected = whole.Train(_config);
        bench.Train(_config, stop: stop.Token);
        bench.Setup = bench.Setup with { ExtraMetrics = null };
        var actual = bench.Train(_config, resume: true);

        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(Saved(whole, "last"), Saved(bench, "last"));
    }

    [Fact]
    public void Train_OfAdaLora_IsRefusedWithTheReason()
    {
        var adapter = new AdapterConfig { Method = "adalora", Rank = 2, Targets = TargetModules.Suffixes("q_proj") };
        using var bench = new TrainingBench(adapter: adapter);

        var error = Assert.Throws<ConfigException>(() => bench.Train(_config with { Steps = 40 }));

        Assert.StartsWith("training.ema does not go with AdaLoRA", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The equation again, number by number in float64.</summary>
    private static float[][] Averages(List<float[]> raw)
    {
        var mean = raw[0].Select(value => (double)value).ToArray();
        var averages = new List<float[]> { raw[0] };
        for (var n = 1; n < raw.Count; n++)
        {
            var d = Math.Min(Decay, (1.0 + n) / (10 + n));
            mean = [.. mean.Zip(raw[n], (a, p) => (d * a) + ((1 - d) * p))];
            averages.Add([.. mean.Select(value => (float)value)]);
        }

        return [.. averages];
    }

    private static float[] Saved(TrainingBench bench, string folder)
    {
        using var reader = SafetensorsReader.Open(Path.Combine(bench.RunFolder, folder, "weights.safetensors"));
        return [.. bench.Setup.Trainable.SelectMany(p => Values(reader, p.Key))];
    }

    private static float[] Values(SafetensorsReader reader, string name)
    {
        using var stored = reader.Read(name);
        return stored.data<float>().ToArray();
    }

    private static void AssertEqual(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, Rounding));
    }
}
