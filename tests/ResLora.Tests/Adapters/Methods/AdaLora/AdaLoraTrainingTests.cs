using ResLora.Adapters;
using ResLora.Adapters.Methods.AdaLora;
using ResLora.Formats.Errors;
using ResLora.Tests.Training;
using ResLora.Training.Loop;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.AdaLora;

public sealed class AdaLoraTrainingTests
{
    // Thirty steps of float32 in two programs.
    private const double Drift = 2e-4;

    // PEFT 0.20.1.dev0 on torch 2.14.1 with the same weights, factors and samples: loss without the penalty.
    private static readonly double[] _peftLosses =
    [
        3.870712, 3.782723, 3.661468, 3.482868, 3.259413, 3.070084, 2.927316, 2.787419, 2.671617, 2.502006, 2.371625, 2.163014, 1.987046, 1.800433, 1.705276,
        1.564862, 1.507815, 1.389665, 1.306152, 1.238531, 1.181464, 1.101959, 1.081941, 1.042579, 0.998913, 0.979302, 0.965787, 0.93996, 0.923371, 0.906401,
    ];

    // The entries that it kept, module by module in the order of their names.
    private static readonly string[] _peftKept = ["1000", "1101", "1110", "0111", "0000", "0111", "1111", "0000", "1000"];

    private static AdapterConfig Adapter { get; } = new()
    {
        Method = "adalora",
        Rank = 4,
        Alpha = 16,
        Targets = TargetModules.Suffixes("q_proj", "v_proj", "down_proj"),
        AdaLora = new AdaLoraConfig { TargetRank = 2, WarmupSteps = 4, FinalSteps = 8, Interval = 2 },
    };

    private static TrainConfig Training { get; } = new()
    {
        Steps = 30,
        BatchSize = 6,
        LearningRate = 0.02,
        Schedule = ScheduleKind.Constant,
        WarmupRatio = 0,
        ClipNorm = 0,
        Threads = 1,
    };

    [Fact]
    public void Run_ThirtySteps_IsPeftsRun()
    {
        using var bench = new TrainingBench(adapter: Adapter);
        Fill(bench);
        bench.Setup = bench.Setup with { Train = TinyModel.Samples(6), Validation = [] };

        var result = bench.Train(Training);

        Assert.All(_peftLosses.Zip(result.Losses), pair => Assert.Equal(pair.First, pair.Second.Loss, Drift));
        Assert.Equal(_peftKept, Blocks(bench).Select(block => Bits(block.Kept!)));
        Assert.Equal(_peftKept, Blocks(bench).Select(block => Bits(block.E.data<float>().Select(value => value != 0))));
        Assert.Equal(5.680649, Blocks(bench).Sum(block => block.E.abs().sum().item<float>()), 0.005);
        Assert.Equal(134.7591, Blocks(bench).Sum(block => block.A.abs().sum().item<float>()), 0.02);
    }

    [Theory]
    [InlineData(ShortcutKind.None)]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Run_EveryShortcut_LearnsAndKeepsItsBudget(ShortcutKind kind)
    {
        using var bench = new TrainingBench(adapter: Adapter with { Shortcut = new ShortcutConfig { Kind = kind } });

        var result = bench.Train(Training with { Steps = 60 });

        Assert.True(result.LastLoss < 0.7 * result.Losses[0].Loss, $"{result.Losses[0].Loss} -> {result.LastLoss}");
        Assert.Equal(18, Blocks(bench).Sum(block => block.E.count_nonzero().item<long>()));
    }

    [Fact]
    public void Run_BFloat16AndCheckpointed_LearnsInFloat32()
    {
        using var bench = new TrainingBench(
            adapter: Adapter with { Shortcut = new ShortcutConfig { Kind = ShortcutKind.Middle } }, dtype: ScalarType.BFloat16);

        var result = bench.Train(Training with { Steps = 60, DataType = "bfloat16", GradientCheckpointing = true });

        Assert.True(result.LastLoss < 0.7 * result.Losses[0].Loss, $"{result.Losses[0].Loss} -> {result.LastLoss}");
        Assert.All(bench.Setup.Trainable, p => Assert.Equal(float32, p.Value.dtype));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(12)]
    [InlineData(25)]
    public void Resume_AnyPhase_IsEqualBitForBit(int stopAt)
    {
        var adapter = Adapter with { Dropout = 0.1 };
        using var whole = new TrainingBench(adapter: adapter);
        using var parts = new TrainingBench(adapter: adapter);
        using var rest = new TrainingBench(adapter: adapter);
        var config = Training with { CheckpointEvery = 100 };
        using var stop = new CancellationTokenSource();
        parts.OnEvent = value =>
        {
            if (value is StepDone { Step: var step } && step == stopAt)
            {
                stop.Cancel();
            }
        };

        var expected = whole.Train(config);
        Assert.True(parts.Train(config, stop: stop.Token).Interrupted);
        rest.Setup = rest.Setup with { RunFolder = parts.RunFolder };
        var actual = rest.Train(config, resume: true);

        Assert.Equal(expected.Losses, actual.Losses);
        Assert.Equal(whole.Weights(), rest.Weights());
        Assert.Equal(Blocks(whole).Select(block => Bits(block.Kept!)), Blocks(rest).Select(block => Bits(block.Kept!)));
    }

    [Fact]
    public void Resume_LongerRun_IsRefused()
    {
        using var bench = new TrainingBench(adapter: Adapter);
        var config = Training with { CheckpointEvery = 100 };
        bench.Train(config);

        var error = Assert.Throws<ConfigException>(() => bench.Train(config with { Steps = 40 }, resume: true));

        Assert.Contains("The length of a run with AdaLoRA is fixed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ManySteps_KeepsNoTensorAlive()
    {
        using var bench = new TrainingBench(adapter: Adapter);
        var counts = new Dictionary<int, long>();
        bench.OnEvent = value =>
        {
            if (value is StepDone { Step: var step })
            {
                counts[step] = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            }
        };

        bench.Train(Training);

        Assert.Equal(counts[2], counts[30]);
    }

    [Fact]
    public void Penalty_NoWeight_IsNone()
    {
        using var bench = new TrainingBench(adapter: Adapter with { AdaLora = new AdaLoraConfig { OrthogonalWeight = 0 } });
        using var training = bench.Adapter!.Config.Kind.Training(bench.Adapter, 10, 0)!;

        Assert.Null(training.Penalty());
    }

    private static IEnumerable<AdaLoraBlock> Blocks(TrainingBench bench) =>
        bench.Adapter!.Blocks.Cast<AdaLoraBlock>().OrderBy(block => block.ModuleName, StringComparer.Ordinal);

    private static string Bits(IEnumerable<bool> kept) => string.Concat(kept.Select(one => one ? '1' : '0'));

    /// <summary>Numbers that another program can make as well.</summary>
    private static void Fill(TrainingBench bench)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var weights = bench.Model.named_parameters().Where(p => !p.name.Contains(".lora_", StringComparison.Ordinal)).ToDictionary(
            p => p.name.Replace(".base_layer.", ".", StringComparison.Ordinal), p => p.parameter, StringComparer.Ordinal);
        foreach (var (k, name) in weights.Keys.Order(StringComparer.Ordinal).Index())
        {
            var values = Formula.Numbers(weights[name].shape, k, 0.7);
            weights[name].copy_(name.Contains("norm", StringComparison.Ordinal) ? values + 1 : values);
        }

        foreach (var (k, block) in Blocks(bench).Index())
        {
            block.A.copy_(Formula.Numbers(block.A.shape, 100 + (2 * k), 0.8));
            block.B.copy_(Formula.Numbers(block.B.shape, 101 + (2 * k), 0.8));
        }
    }
}
