using System.Diagnostics;
using System.Text.Json;
using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests;

/// <summary>The whole way through the built tool, on a model of a few thousand parameters that it pretrains itself.</summary>
public sealed class PipelineTests(PipelineTests.World world) : IClassFixture<PipelineTests.World>
{
    [Fact]
    public void Generate_WithAndWithoutCacheAndAsJson_GivesOneText()
    {
        string[] line = ["generate", "--model", world.Base, "--prompt", "3 + 4", "--max-new-tokens", "12"];

        var plain = Tool.Run(line).Expect(0).Output.TrimEnd('\r', '\n');
        var uncached = Tool.Run([.. line, "--no-cache"]).Expect(0).Output.TrimEnd('\r', '\n');
        var json = Tool.Run([.. line, "--json", "--temperature", "0"]).Expect(0).Json;

        Assert.Equal(plain, uncached);
        Assert.Equal(plain.ReplaceLineEndings("\n"), json.GetProperty("text").GetString()!.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Generate_WithASeed_Repeats()
    {
        string[] line =
        [
            "generate", "--model", world.Base, "--prompt", "3 + 4", "--max-new-tokens", "12", "--temperature", "1.5", "--top-p", "0.9",
            "--json", "--seed",
        ];

        Assert.Equal(Tool.Run([.. line, "1"]).Expect(0).Output, Tool.Run([.. line, "1"]).Expect(0).Output);
    }

    [Fact]
    public void Train_ModelAndDataWithoutAFile_FindsTheTaskAndTrains()
    {
        var trained = Tool.Run(
            "train", "--model", world.Base, "--data", world.Data, "--set", "training.steps=1", "--set", "training.threads=1",
            "--output", world["by-line"], "--json").Expect(0);

        Assert.StartsWith(
            "The task is completion: it has the columns prompt, completion (--task names another).",
            trained.Error,
            StringComparison.Ordinal);
        Assert.Equal(1, trained.Json.GetProperty("result").GetProperty("steps").GetInt32());
    }

    [Fact]
    public void Init_ModelAndDataNamed_WritesAFileThatPlanTakes()
    {
        var file = world["init/my.yaml"];

        Tool.Run("init", file, "--model", world.Base, "--data", world.Data).Expect(0);

        var plan = Tool.Run("plan", file, "--json").Expect(0).Json;
        Assert.Equal(world.Base, plan.GetProperty("model").GetString());
        Tool.Run("init", file).Expect(2);
    }

    [Fact]
    public void Train_ThenResumeEvaluateMergeGenerate_EachTakesWhatTheOneBeforeMade()
    {
        var run = world["run"];
        var trained = Tool.Run("train", world.Config, "--set", "training.checkpointEvery=2", "--output", run, "--json").Expect(0);
        Assert.Equal(4, trained.Json.GetProperty("result").GetProperty("steps").GetInt32());
        Tool.Run("train", world.Config, "--output", run).Expect(2);
        var resumed =
            Tool.Run("train", world.Config, "--set", "training.checkpointEvery=2", "--output", run, "--resume", "--json").Expect(0);
        Assert.Equal(4, resumed.Json.GetProperty("result").GetProperty("steps").GetInt32());

        var predictions = world["predictions.jsonl"];
        string[] evaluate =
        [
            "evaluate", "--model", world.Base, "--task", "word-problems", "--data", world.Data, "--limit", "5", "--max-new-tokens", "8",
            "--json",
        ];
        var alone = Tool.Run(evaluate).Expect(0).Json;
        var adapted = Tool.Run([.. evaluate, "--adapter", Path.Combine(run, "best"), "--predictions", predictions]).Expect(0).Json;
        Assert.True(adapted.GetProperty("loss").GetDouble() < alone.GetProperty("loss").GetDouble());
        Assert.Equal(5, adapted.GetProperty("exactMatch").GetProperty("total").GetInt32());
        Assert.Equal(5, File.ReadAllLines(predictions).Length);

        string[] merge = ["merge", "--adapter", Path.Combine(run, "best"), "--method", "input", "--json", "--as"];
        var lora = Tool.Run([.. merge, "lora", "--output", world["lora"]]).Expect(0).Json;
        Tool.Run([.. merge, "model", "--output", world["merged"], "--model", world.Base]).Expect(0);
        Assert.False(lora.GetProperty("isExact").GetBoolean());
        Assert.True(lora.GetProperty("loss").GetProperty("tokens").GetInt64() > 0);
        Tool.Run([.. merge, "model", "--output", world["merged"]]).Expect(2);

        Tool.Run("generate", "--model", world["merged"], "--prompt", "What is 3 plus 4?", "--max-new-tokens", "5").Expect(0);
        Tool.Run(
            "generate",
            "--model",
            world.Base,
            "--adapter",
            world["lora"],
            "--prompt",
            "What is 3 plus 4?",
            "--max-new-tokens",
            "5").Expect(0);
        Assert.Equal(
            "peft", Tool.Run("inspect", world["lora"], "--json").Expect(0).Json.GetProperty("facts").GetProperty("format").GetString());
    }

    [Fact]
    public void Export_EachTargetThenCheckThenTamper_IsProvedThenFound()
    {
        var adapter = Path.Combine(world["exported"], "best");
        Tool.Run("train", world.Config, "--set", "adapter.shortcut.kind=block", "--output", world["exported"], "--json").Expect(0);
        foreach (var target in new[] { "peft", "vllm", "hf", "llama.cpp", "ollama" })
        {
            var folder = world[$"export-{target}"];
            string[] line = ["export", "--adapter", adapter, "--to", target];

            var plan = Tool.Run([.. line, "--plan", "--json"]).Expect(0).Json;
            Assert.False(Directory.Exists(folder));
            var made = Tool.Run([.. line, "--output", folder, "--json"]).Expect(0).Json;
            Tool.Run([.. line, "--output", folder]).Expect(2);
            var good = Tool.Run("export", "--check", folder, "--json").Expect(0).Json;

            Assert.True(
                JsonElement.DeepEquals(
                    plan.GetProperty("features"), made.GetProperty("report").GetProperty("plan").GetProperty("features")));
            Assert.True(made.GetProperty("report").GetProperty("proofs")[0].GetProperty("predictions").GetInt64() > 0);
            Assert.True(good.GetProperty("passed").GetBoolean() && good.GetProperty("compared").GetBoolean());
        }

        var file = Path.Combine(world["export-llama.cpp"], "model.gguf");
        var bytes = File.ReadAllBytes(file);
        bytes[^200] ^= 0x80;
        File.WriteAllBytes(file, bytes);
        var bad = Tool.Run("export", "--check", world["export-llama.cpp"], "--json").Expect(1).Json;
        Assert.NotEmpty(bad.GetProperty("differences").EnumerateArray());

        Tool.Run("generate", "--model", world["export-hf"], "--prompt", "What is 3 plus 4?", "--max-new-tokens", "5").Expect(0);
        File.WriteAllLines(
            world["onward.yaml"],
            File.ReadLines(world.Config).Where(
                line => !line.StartsWith("adapter:", StringComparison.Ordinal)).Append("startFrom: export-peft"));
        Tool.Run("train", world["onward.yaml"], "--output", world["onward"], "--json").Expect(0);
        Assert.Contains(
            "--to is missing",
            Tool.Run("export", "--adapter", adapter, "--output", world["nowhere"]).Expect(2).Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_TheConfiguration_CountsWhatTrainingTrains()
    {
        var plan = Tool.Run("plan", world.Config, "--json").Expect(0).Json;
        var trained = Tool.Run("train", world.Config, "--output", world["planned"], "--json").Expect(0).Json;

        Assert.Equal(
            trained.GetProperty("trainableParameters").GetInt64(), plan.GetProperty("run").GetProperty("trainableParameters").GetInt64());
        Assert.Equal(4, plan.GetProperty("run").GetProperty("steps").GetInt32());
    }

    [Fact]
    public void Train_TerminatedAndResumed_EndsAsIfItHadNot()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a process cannot be asked to end by a signal on Windows");
        string[] line = ["train", world.Config, "--set", "training.steps=400", "--json", "--output"];
        var whole = Tool.Run([.. line, world["whole"]]).Expect(0).Json;

        using var process = Tool.Start([.. line, world["halves"]]);
        Assert.True(
            SpinWait.SpinUntil(
                () => new FileInfo(Path.Combine(world["halves"], "metrics.jsonl")) is { Exists: true, Length: > 0 },
                TimeSpan.FromMinutes(1)));
        Tool.Signal(process, "TERM");
        var first = Tool.End(process).Expect(130).Json;
        var second = Tool.Run([.. line, world["halves"], "--resume"]).Expect(0).Json;

        Assert.InRange(first.GetProperty("result").GetProperty("steps").GetInt32(), 1, 399);
        Assert.Equal(whole.GetProperty("result").ToString(), second.GetProperty("result").ToString());
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(world["whole"], "last", "adapter.safetensors")),
            File.ReadAllBytes(Path.Combine(world["halves"], "last", "adapter.safetensors")));
    }

    [Theory]
    [InlineData("HUP", 1)]
    [InlineData("QUIT", 3)]
    public void Train_TerminalThatIsLost_SavesACheckpoint(string signal, int number)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a process cannot be asked to end by a signal on Windows");
        Assert.SkipWhen(
            IgnoredSignals.Contains(number), $"what started this has its children ignore SIG{signal}, as nohup and '&' in a script do");
        var run = world[$"run-{signal}"];
        using var process = StartLongRun(run);

        Tool.Signal(process, signal);

        Tool.End(process).Expect(130);
        Assert.Single(Directory.GetDirectories(Path.Combine(run, "checkpoints")));
    }

    [Fact]
    public void Train_FolderOfALiveRun_IsRefusedUntilItsProcessIsGone()
    {
        var run = world["held"];
        using var process = StartLongRun(run);
        string[] second = ["train", world.Config, "--output", run, "--resume", "--json"];

        var refused = Tool.Run(second).Expect(2).Json;
        process.Kill();
        process.WaitForExit();
        var resumed = Tool.Run(second).Expect(0).Json;

        Assert.Contains($"process {process.Id} ", refused.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(4, resumed.GetProperty("result").GetProperty("steps").GetInt32());
    }

    [Fact]
    public void Train_LossThatBlowsUp_FailsWithOne()
    {
        var result = Tool.Run(
            "train", world.Config, "--set", "training.learningRate=1e30", "--set", "adapter.alpha=1e9",
            "--set", "adapter.lora.learningRateRatio=1e6",
            "--set", "training.steps=60",
            "--set", "training.clipNorm=0", "--output", world["blown"], "--json").Expect(1);

        Assert.Contains("not finite", result.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Doctor_OnThisMachine_PassesItsCheck()
    {
        var report = Tool.Run("doctor", "--json").Expect(0).Json;

        Assert.True(report.GetProperty("tensorCheckPassed").GetBoolean());
    }

    [Fact]
    public void Verify_FolderWithoutCases_IsBadInput() => Tool.Run("verify", world["no-cases"], "--json").Expect(2);

    /// <summary>A run that has done its first step, and has far more to do than a test waits for.</summary>
    private Process StartLongRun(string run)
    {
        var process = Tool.Start("train", world.Config, "--set", "training.steps=100000", "--output", run, "--json");
        Assert.True(
            SpinWait.SpinUntil(
                () => new FileInfo(Path.Combine(run, "metrics.jsonl")) is { Exists: true, Length: > 0 }, TimeSpan.FromMinutes(1)));
        return process;
    }

    /// <summary>Files of one test run.</summary>
    public sealed class World : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("reslora-end-to-end-").FullName;

        public World()
        {
            Lines("texts.jsonl", i => new { text = $"{i % 9} + {i % 7} = {(i % 9) + (i % 7)}." });
            Lines(
                "train.jsonl", i => new { prompt = $"What is {i % 9} plus {i % 7}?", completion = $"The answer is {(i % 9) + (i % 7)}." });
            File.WriteAllText(this["pretrain.yaml"], """
                texts: texts.jsonl
                validationCount: 5
                tokenizer: {vocabulary: 280}
                model: {layers: 3, hidden: 16, intermediate: 24, heads: 2, maxLength: 128}
                training: {steps: 5, batchSize: 2, maxLength: 64, threads: 1}
                output: base
                """);
            File.WriteAllText(Config, """
                model: base
                task: word-problems
                data: {train: train.jsonl, validationCount: 6}
                adapter: {rank: 2, targets: [q_proj, v_proj], shortcut: {kind: input}}
                training: {steps: 4, batchSize: 4, learningRate: 0.05, threads: 1}
                """);
            var result = Tool.Run("pretrain", this["pretrain.yaml"], "--json").Expect(0);
            if (result.Json.GetProperty("output").GetString() != Base)
            {
                throw new InvalidOperationException(result.Output);
            }
        }

        public string Base => this["base"];

        public string Data => this["train.jsonl"];

        public string Config => this["run.yaml"];

        public string this[string name] => Path.Combine(_folder, name);

        public void Dispose() => Directory.Delete(_folder, recursive: true);

        private void Lines(string name, Func<int, object> row) =>
            File.WriteAllText(this[name], string.Concat(Enumerable.Range(0, 63).Select(i => JsonSerializer.Serialize(row(i)) + "\n")));
    }
}
