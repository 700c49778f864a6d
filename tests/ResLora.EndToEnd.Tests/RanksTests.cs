using System.Text.Json;
using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests;

/// <summary>Training on several ranks: real processes of a real mpirun.</summary>
public sealed class RanksTests(RanksTests.OneProcess alone) : IClassFixture<RanksTests.OneProcess>, IDisposable
{
    private const int Steps = 12;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Train_GradientsInOrder_GivesTheBitsOfOneProcess(int ranks)
    {
        Ranks.RequireOrSkip();

        Ranks.Run(ranks, Line("ranks", "training.reduction=ordered")).Expect(0);

        Assert.Equal(Losses(alone.Run), Losses(_folder["ranks"]));
        Assert.Equal(Steps, Losses(_folder["ranks"]).Count);
        Assert.Equal(Adapter(alone.Run), Adapter(_folder["ranks"]));
    }

    [Fact]
    public void Train_GradientsAsTheyCome_GivesTheLossesOfOneProcess()
    {
        Ranks.RequireOrSkip();

        var result = Ranks.Run(3, Line("ranks")).Expect(0);

        Assert.Equal(Losses(alone.Run), Losses(_folder["ranks"]), (a, b) => Math.Abs(a - b) < 1e-4 * a);
        // Rank 0 alone tells the result.
        Assert.Equal(Steps, result.Json.GetProperty("result").GetProperty("steps").GetInt32());
    }

    [Fact]
    public void Train_AsAPipeline_GivesTheLossesOfOneProcess()
    {
        Ranks.RequireOrSkip();
        const string shortcut = "adapter.shortcut.kind=middle";
        Tool.Run(Line("one", shortcut)).Expect(0);

        Ranks.Run(3, Line("pipeline", shortcut, "training.parallel=pipeline")).Expect(0);

        Assert.Equal(Losses(_folder["one"]), Losses(_folder["pipeline"]), (a, b) => Math.Abs(a - b) < 1e-4 * a);
        Assert.Equal(Steps, Losses(_folder["pipeline"]).Count);
    }

    [Fact]
    public void Plan_OfAPipeline_IsWhatTheRanksGoBy()
    {
        Ranks.RequireOrSkip();
        var train = Line("planned", "training.parallel=pipeline");
        string[] plan = ["plan", train[1], "--json", .. train.SkipWhile(word => word != "--set"), "--ranks", "3", "--step-seconds", "0.5"];

        var planned = Tool.Run(plan).Expect(0).Json.GetProperty("pipelines")[0];
        var trained = Ranks.Run(3, train).Expect(0).Json;

        var stages = planned.GetProperty("stages");
        Assert.Equal(3, stages.GetArrayLength());
        // Four passes of three ranks: two places of six are empty.
        Assert.Equal(1 / 3.0, planned.GetProperty("idleShare").GetDouble(), 9);
        Assert.True(stages[0].GetProperty("sentBytes").GetInt64() > 0);
        Assert.Equal(
            stages[0].GetProperty("memory").GetProperty("total").GetInt64(),
            trained.GetProperty("plannedMemory").GetProperty("total").GetInt64());
    }

    [Fact]
    public void Train_PipelineAskedToEndInAnEvaluation_SavesACheckpointBeforeItIsOver()
    {
        string[] settings = ["training.parallel=pipeline", "training.batchSize=1", "training.evaluateEvery=1", "data.validationCount=3000"];
        using var process = Ranks.Start(2, Line("asked", settings));
        WaitForSteps("asked", 1);

        using var one = Ranks.ProcessOf(1, _folder["asked"]);
        Tool.Signal(one, "USR1");
        var ended = Ranks.End(process);

        Assert.Equal(130, ended.ExitCode);
        Assert.Single(Losses(_folder["asked"]));
        Assert.DoesNotContain("eval_loss", File.ReadAllText(Path.Combine(_folder["asked"], "metrics.jsonl")), StringComparison.Ordinal);
        Assert.Single(Directory.GetDirectories(Path.Combine(_folder["asked"], "checkpoints")));
    }

    [Fact]
    public void Train_RankThatIsKilled_EndsTheRunWhichGoesOnOnFewer()
    {
        Ranks.RequireOrSkip();
        const string ordered = "training.reduction=ordered", often = "training.checkpointEvery=1";
        using var process = Ranks.Start(2, Line("killed", ordered, often));
        WaitForSteps("killed", 3);

        Ranks.ProcessOf(1, _folder["killed"]).Kill();
        var ended = Ranks.End(process);
        Tool.Run([.. Line("killed", ordered, often), "--resume"]).Expect(0);

        Assert.NotEqual(0, ended.ExitCode);
        Assert.Contains("rank 1", ended.Output + ended.Error, StringComparison.Ordinal);
        Assert.Equal(Losses(alone.Run), Losses(_folder["killed"]));
        Assert.Equal(Adapter(alone.Run), Adapter(_folder["killed"]));
    }

    [Fact]
    public void Train_RankThatHangs_IsNamedAfterItsTime()
    {
        using var process = Ranks.Start(3, Line("hangs", "training.rankTimeout=10", "training.steps=100000"));
        WaitForSteps("hangs", 2);
        using var hung = Ranks.ProcessOf(2, _folder["hangs"]);

        Tool.Signal(hung, "STOP");
        var ended = Ranks.End(process);

        Assert.Equal(1, ended.ExitCode);
        Assert.Contains(
            $"No answer for 10 s from rank 2 on {Environment.MachineName}, while rank 0 on", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("USR1")]
    public void Train_AskedToEnd_SavesACheckpointThatAllGoOnFrom(string signal)
    {
        using var process = Ranks.Start(2, Line("asked", "training.steps=100000"));
        WaitForSteps("asked", 2);

        // To one of them only: the others hear of it from it.
        using var one = Ranks.ProcessOf(1, _folder["asked"]);
        Tool.Signal(one, signal);
        var ended = Ranks.End(process);

        Assert.Equal(130, ended.ExitCode);
        Assert.Single(Directory.GetDirectories(Path.Combine(_folder["asked"], "checkpoints")));
        var resumed = Ranks.Run(3, [.. Line("asked", "training.steps=100000", "training.pauseAt=20"), "--resume"]);
        Assert.Equal(130, resumed.ExitCode);
        Assert.Contains("Training goes on from step", resumed.Error, StringComparison.Ordinal);
        Assert.Equal(20, Losses(_folder["asked"]).Count);
    }

    [Fact]
    public void Train_RankWithOtherSettings_EndsTheRunAndIsNamed()
    {
        using var process = Ranks.StartWith(
        [
            "--oversubscribe", "-np", "1", .. Ranks.Program, .. Line("differs"),
            ":", "-np", "1", .. Ranks.Program, .. Line("differs", "training.learningRate=0.5"),
        ]);

        var ended = Ranks.End(process);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains($"Rank 1 on {Environment.MachineName}: ", ended.Error, StringComparison.Ordinal);
        Assert.Contains("learningRate (0.002 on rank 0, 0.5 here)", ended.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["differs"]));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Evaluate_OnSeveralRanks_GivesWhatOneDoes(int ranks)
    {
        Ranks.RequireOrSkip();
        string[] Evaluate(string predictions) =>
        [
            "evaluate", "--model", Repository.SampleModel, "--task", "word-problems", "--data",
            Path.Combine(Repository.Root, "samples", "word-problems", "data", "heldout.jsonl"), "--limit", "23", "--batch-size", "2",
            "--json", "--predictions", _folder[predictions],
        ];
        var one = Tool.Run(Evaluate("one.jsonl")).Expect(0);

        var together = Ranks.Run(ranks, Evaluate("together.jsonl")).Expect(0);

        Assert.Equal(one.Json.ToString(), together.Json.ToString());
        Assert.Equal(23, File.ReadAllLines(_folder["one.jsonl"]).Length);
        Assert.Equal(File.ReadAllText(_folder["one.jsonl"]), File.ReadAllText(_folder["together.jsonl"]));
    }

    [Fact]
    public void Train_FaultThatAllHave_IsToldOnce()
    {
        var ended = Ranks.Run(3, Line("fault", "training.batchSize=0"));

        Assert.Equal(2, ended.ExitCode);
        Assert.Equal(2, ended.Error.Split("batchSize is 0").Length);
    }

    [Fact]
    public void Merge_OnSeveralRanks_IsRefused()
    {
        var ended = Ranks.Run(2, "merge", "--adapter", _folder["none"], "--output", _folder["merged"]);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("'reslora merge' is done by one process, and 2 were started", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_OnTwoHosts_GivesTheLossesOfOneProcess()
    {
        Ranks.RequireOrSkip();
        using var hosts = TwoHosts.MakeOrSkip(_folder["agent.sh"]);

        using var process = hosts.Start([.. Ranks.Program, .. Line("hosts", "training.reduction=ordered")]);
        Ranks.End(process).Expect(0);
        using var other = hosts.Start([.. Ranks.Program, .. Line("late", "training.rankTimeout=10", "training.steps=100000")]);
        WaitForSteps("late", 2);
        hosts.Cut();
        var said = Ranks.LineOf(other, "No answer");

        Assert.Equal(Losses(alone.Run), Losses(_folder["hosts"]));
        Assert.Contains("No answer for 10 s from rank 1 on host-b, while rank 0 on host-a waited", said, StringComparison.Ordinal);
    }

    private string[] Line(string output, params IEnumerable<string> settings) => LineOf(_folder[output], settings);

    private static string[] LineOf(string output, params IEnumerable<string> settings) =>
    [
        "train", Path.Combine(Repository.Root, "samples", "word-problems", "reslora.yaml"), "--json", "--output", output,
        .. new[]
        {
            $"training.steps={Steps}", "training.batchSize=2", "training.accumulationSteps=4", "training.evaluateEvery=0",
            "training.threads=1", "training.dataType=float32", "training.warmupSteps=2", "training.schedule=constant",
            "data.validationCount=10",
        }.Concat(settings).SelectMany(setting => new[] { "--set", setting }),
    ];

    private void WaitForSteps(string run, int steps) => Assert.True(
        SpinWait.SpinUntil(() => Losses(_folder[run]).Count >= steps, TimeSpan.FromMinutes(2)), $"{run} did not come to step {steps}");

    private static List<double> Losses(string run)
    {
        var file = Path.Combine(run, "metrics.jsonl");
        return !File.Exists(file) ? [] :
        [
            .. Shared(file).Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.EndsWith('}'))
                .Select(line => JsonSerializer.Deserialize<JsonElement>(line)).Where(line => line.TryGetProperty("loss", out _))
                .Select(line => line.GetProperty("loss").GetDouble()),
        ];
    }

    /// <summary>A file that is being written.</summary>
    private static string Shared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static byte[] Adapter(string run) => File.ReadAllBytes(Path.Combine(run, "last", "adapter.safetensors"));

    /// <summary>What one process makes of the settings that most tests share.</summary>
    public sealed class OneProcess : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly Lazy<string> _run;

        public OneProcess() => _run = new Lazy<string>(() =>
        {
            Tool.Run(LineOf(_folder["run"], "training.reduction=ordered")).Expect(0);
            return _folder["run"];
        });

        /// <summary>The run's folder.</summary>
        public string Run => _run.Value;

        public void Dispose() => _folder.Dispose();
    }
}
