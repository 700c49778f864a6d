using System.Text.Json.Nodes;
using ResLora.Adapters;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Merging;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Exporting;

public sealed class ExportPlanTests(ExportWorld world) : IClassFixture<ExportWorld>
{
    [Fact]
    public void Run_SlidingWindowInGguf_IsALossThatHasToBeAgreedTo()
    {
        var model = world.Variant("window", ("config.json", "model_type", "mistral"), ("config.json", "sliding_window", 16));
        var options = new ExportOptions { Model = model, To = "llama.cpp", Output = world.Folder["window-out"] };

        var plan = ExportJob.Plan(options);
        var error = Assert.Throws<ConfigException>(() => ExportJob.Run(options));

        Assert.Contains("sliding window", Assert.Single(plan.Losses()).Reason, StringComparison.Ordinal);
        Assert.Contains(
            "would lose: behaviour of llama.cpp (llama.cpp's architecture llama has no sliding window",
            error.Message,
            StringComparison.Ordinal);
        Assert.Contains("--allow-lossy", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(options.Output));
        Assert.Equal(FeatureState.Kept, State(ExportJob.Plan(options with { To = "hf" }), "sliding window"));
    }

    [Fact]
    public void Run_LossyThatWasAgreedTo_SaysWhatWasLostInItsReport()
    {
        const int window = 20;
        var model = world.Variant("window-agreed", ("config.json", "model_type", "mistral"), ("config.json", "sliding_window", window));

        var report = ExportJob.Run(
            new ExportOptions { Model = model, To = "llama.cpp", Output = world.Folder["window-agreed-out"], AllowLossy = true });

        Assert.Single(report.Plan.Losses());
        // Up to the window both compute the same, and that is what was proved.
        Assert.Equal(window, report.TokenIds.Max(ids => ids.Count));
        Assert.Empty(report.Proofs[0].Faults());
    }

    [Fact]
    public void Run_BlockOnTheHead_IsLeftOutForVllmOnlyWhenAgreed()
    {
        var model = world.WithHead("headed");
        var adapter =
            world.NewAdapter("head-adapter", model, new AdapterConfig { Rank = 2, Targets = TargetModules.Suffixes("q_proj", "lm_head") });
        var options = new ExportOptions { Adapter = adapter, To = "vllm", Output = world.Folder["head-out"] };

        var error = Assert.Throws<ConfigException>(() => ExportJob.Run(options));
        var lossy = ExportJob.Run(options with { AllowLossy = true });
        var whole = ExportJob.Run(options with { To = "peft", Output = world.Folder["head-peft"] });

        Assert.Contains("block on lm_head", error.Message, StringComparison.Ordinal);
        // What was left out shows in the cost, not in the proof: the files hold what the plan says.
        Assert.True(lossy.MergeLoss!.MaxLogitDifference > 1e-3);
        Assert.InRange(whole.MergeLoss!.MaxLogitDifference, 0, 1e-4);
        Assert.DoesNotContain("lm_head", AdapterStore.Describe(world.Folder["head-out"]).Config.Targets!.Parts);
    }

    [Theory]
    [InlineData(7, "--max-lora-rank", false)]
    [InlineData(40, "--max-lora-rank 64", true)]
    [InlineData(300, "--max-lora-rank 320", true)]
    public void Next_RankOfVllm_GivesTheFlagThatItNeeds(int rank, string flag, bool needed)
    {
        var adapter = world.NewAdapter($"rank-{rank}", world.Model, new AdapterConfig { Rank = rank });

        var report = ExportJob.Run(new ExportOptions { Adapter = adapter, To = "vllm", Output = world.Folder[$"rank-{rank}-out"] });

        Assert.Equal(needed, ExportJob.Next(report, "out").Single().Contains(flag, StringComparison.Ordinal));
        Assert.Empty(report.Plan.Losses());
    }

    [Fact]
    public void Plan_RankThatVllmCannotServe_IsALoss()
    {
        var adapter = world.NewAdapter("rank-600", world.Model, new AdapterConfig { Rank = 600 });

        var plan = ExportJob.Plan(new ExportOptions { Adapter = adapter, To = "vllm" });

        Assert.Contains("600 is above 512", Assert.Single(plan.Losses()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_RankStabilisedWithDropout_IsKeptForPeftAndBakedForOthers()
    {
        var adapter = world.NewAdapter("rs", world.Model, new AdapterConfig { Rank = 4, RankStabilized = true, Dropout = 0.1 });

        var peft = ExportJob.Plan(new ExportOptions { Adapter = adapter, To = "peft" });
        var vllm = ExportJob.Plan(new ExportOptions { Adapter = adapter, To = "vllm" });
        var report = ExportJob.Run(new ExportOptions { Adapter = adapter, To = "peft", Output = world.Folder["rs-out"] });

        Assert.All(["rank-stabilised scaling", "dropout", "rank", "scaling"], name => Assert.Equal(FeatureState.Kept, State(peft, name)));
        Assert.All(["rank-stabilised scaling", "dropout", "scaling"], name => Assert.Equal(FeatureState.Baked, State(vllm, name)));
        var written = AdapterStore.Describe(world.Folder["rs-out"]).Config;
        Assert.Equal((4, 16.0, true, 0.1), (written.Rank, written.Alpha, written.RankStabilized, written.Dropout));
        Assert.Empty(report.Proofs[0].Faults());
    }

    [Fact]
    public void Plan_MixedNumberTypes_AreALossUnlessATypeHoldsThemAll()
    {
        var model = world.Variant("mixed");
        Mix(model);

        var kept = ExportJob.Plan(new ExportOptions { Model = model, To = "hf" });
        var wide = ExportJob.Plan(new ExportOptions { Model = model, To = "hf", Type = ExportType.F32 });

        Assert.Equal("mixed number types", Assert.Single(kept.Losses()).Name);
        Assert.Empty(wide.Losses());
        Assert.Equal(ExportType.BF16, kept.Type);
    }

    [Fact]
    public void Run_OllamaOfASamplingModel_WritesItsParametersAndStops()
    {
        JsonNode ends = new JsonArray(2, 1);
        var model = world.Variant(
            "sampling", ("generation_config.json", "do_sample", true), ("generation_config.json", "temperature", 0.6),
            ("generation_config.json", "top_p", 0.9), ("generation_config.json", "eos_token_id", ends));
        var output = world.Folder["sampling-out"];

        var report = ExportJob.Run(new ExportOptions { Model = model, To = "ollama", Output = output });

        var lines = File.ReadAllLines(Path.Combine(output, "Modelfile"));
        Assert.Equal("FROM ./model.gguf", lines[0]);
        Assert.Contains("TEMPLATE \"\"\"{{ .Prompt }}\"\"\"", lines);
        Assert.Contains("PARAMETER temperature 0.6", lines);
        Assert.Contains("PARAMETER top_p 0.9", lines);
        Assert.Contains("PARAMETER num_ctx 128", lines);
        Assert.Equal(
            ["PARAMETER stop \"<pad>\"", "PARAMETER stop \"</s>\""],
            lines.Where(line => line.StartsWith("PARAMETER stop", StringComparison.Ordinal)));
        Assert.Equal(0, report.Proofs[0].PromptsDiffering);
        Assert.Contains(
            "--temp 0.6 --top-k 50 --top-p 0.9",
            ExportJob.Next(
                ExportJob.Run(
                    new ExportOptions { Model = model, To = "llama.cpp", Output = world.Folder["sampling-cpp"], AllowLossy = true }),
                "x")[0],
            StringComparison.Ordinal);
    }

    [Fact]
    public void Run_OllamaOfAModelWithAChatTemplate_LeavesTheTemplateToOllama()
    {
        var model = world.Variant("chat", ("tokenizer_config.json", "chat_template", "{% for m in messages %}{{ m.content }}{% endfor %}"));
        var adapter = world.NewAdapter("chat-adapter", model, new AdapterConfig { Rank = 2 });

        ExportJob.Run(new ExportOptions { Model = model, To = "ollama", Output = world.Folder["chat-alone"] });
        ExportJob.Run(new ExportOptions { Adapter = adapter, To = "ollama", Output = world.Folder["chat-trained"] });

        Assert.DoesNotContain(
            "TEMPLATE", File.ReadAllText(Path.Combine(world.Folder["chat-alone"], "Modelfile")), StringComparison.Ordinal);
        Assert.Contains("TEMPLATE", File.ReadAllText(Path.Combine(world.Folder["chat-trained"], "Modelfile")), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_TaskThatWrapsItsPrompt_IsAskedAsInTrainingWhereverTheAdapterLies()
    {
        const string template = "TEMPLATE \"\"\"### Instruction:\n{{ .Prompt }}\n\n### Response:\n\"\"\"\n";
        var data = world.Folder["alpaca.jsonl"];
        File.WriteAllLines(data, Enumerable.Range(0, 24).Select(i => $$"""{"instruction":"Add {{i}}.","input":"{{(i % 2 == 0 ? "" : "to 1")}}","output":"{{i + 1}}"}"""));
        var run = TrainJob.Run(
            world.Run(
                "alpaca-run", ShortcutKind.None) with
            { Task = "alpaca", Data = new DataConfig { Train = data, ValidationCount = 6 } },
            stop: TestContext.Current.CancellationToken);
        var moved = world.Folder["alpaca-moved"];
        Directory.Move(new RunFolder(run.RunFolder).Best, moved);
        MergeJob.Run(
            new MergeOptions { Adapter = moved, As = MergeTarget.Model, Output = world.Folder["alpaca-merged"] },
            stop: TestContext.Current.CancellationToken);
        ExportReport Export(string name, string to, string? adapter, string? model) =>
            ExportJob.Run(new ExportOptions { Adapter = adapter, Model = model, To = to, Output = world.Folder[name], AllowLossy = true, Task = "alpaca", Data = data });
        string Text(string name) => File.ReadAllText(Path.Combine(world.Folder[name], "Modelfile"));

        var ofAdapter = Export("alpaca-1", "ollama", moved, null);
        var ofModel = Export("alpaca-2", "ollama", null, world.Folder["alpaca-merged"]);
        var line = ExportJob.Next(Export("alpaca-3", "llama.cpp", moved, null), "out")[0];

        Assert.Contains(template, Text("alpaca-1"), StringComparison.Ordinal);
        Assert.Contains(template, Text("alpaca-2"), StringComparison.Ordinal);
        Assert.EndsWith("-p '### Instruction:\\n...\\n\\n### Response:\\n'", line, StringComparison.Ordinal);
        Assert.All([ofAdapter, ofModel], report =>
        {
            Assert.True(report.Proofs[0].Prompts > 0);
            Assert.Equal(0, report.Proofs[0].PromptsDiffering);
        });
    }

    [Fact]
    public void Plan_AdapterThatWasNotTrainedHere_SaysThatItsPromptsAreNotKnown()
    {
        var adapter = world.NewAdapter("foreign", world.Model, new AdapterConfig { Rank = 2 });

        var plan = ExportJob.Plan(new ExportOptions { Adapter = adapter, To = "ollama" });

        Assert.Contains("is not known", plan.Features.Single(f => f.Name == "prompt").Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"task":"x","frame":{"before":"{{ evil }}","after":""}}""", "a Modelfile cannot hold")]
    [InlineData("""{"task":"mathqa","frame":null}""", "several columns")]
    public void Plan_FrameThatNoTemplateCanHold_IsSaid(string file, string expected)
    {
        var adapter = world.NewAdapter($"framed-{file.Length}", world.Model, new AdapterConfig { Rank = 2 });
        File.WriteAllText(Path.Combine(adapter, "reslora_prompt.json"), file);

        var plan = ExportJob.Plan(new ExportOptions { Adapter = adapter, To = "ollama" });

        Assert.Contains(expected, plan.Features.Single(f => f.Name == "prompt").Reason, StringComparison.Ordinal);
    }

    private static FeatureState State(ExportPlan plan, string name) => plan.Features.Single(f => f.Name == name).State;

    /// <summary>Stores all but the norms in bfloat16.</summary>
    private static void Mix(string model)
    {
        var path = Path.Combine(model, "model.safetensors");
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors;
        using (var reader = SafetensorsReader.Open(path))
        {
            tensors = reader.Entries.Keys.ToDictionary(
                key => key,
                key => key.Contains("norm", StringComparison.Ordinal) ? reader.Read(key).clone() : reader.Read(key).to(bfloat16));
        }

        SafetensorsWriter.Write(path, tensors);
    }
}
