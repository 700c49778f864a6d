using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Experiments;
using ResLora.Experiments.Exporting;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Tensors.Safetensors;
using ResLora.Training;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Exporting;

public sealed class ExportJobTests(ExportWorld world) : IClassFixture<ExportWorld>
{
    // float32, logits of a few units: the merged weight is rounded once, the unmerged update separately.
    private const double Rounding = 1e-4;

    private const string Wrong = "model.layers.1.mlp.up_proj.weight";

    /// <summary>Every target with every structure: target, structure, files.</summary>
    public static TheoryData<string, ShortcutKind, string[]> Exports => new()
    {
        { "peft", ShortcutKind.None, ["adapter_config.json", "adapter_model.safetensors"] },
        { "peft", ShortcutKind.Block, ["adapter_config.json", "adapter_model.safetensors"] },
        { "peft", ShortcutKind.Input, ["adapter_config.json", "adapter_model.safetensors"] },
        { "vllm", ShortcutKind.Block, ["adapter_config.json", "adapter_model.safetensors"] },
        { "vllm", ShortcutKind.Middle, ["adapter_config.json", "adapter_model.safetensors"] },
        { "hf", ShortcutKind.Block, ["config.json", "model.safetensors", "reslora_prompt.json", "tokenizer.json", "tokenizer_config.json"] },
        { "llama.cpp", ShortcutKind.Block, ["adapter.gguf", "model.gguf"] },
        { "llama.cpp", ShortcutKind.Input, ["adapter.gguf", "model.gguf"] },
        { "ollama", ShortcutKind.None, ["Modelfile", "adapter.gguf", "model.gguf"] },
    };

    [Theory]
    [MemberData(nameof(Exports))]
    public void Run_EachTarget_IsProvedAndReported(string target, ShortcutKind kind, string[] files)
    {
        var output = world.Folder[$"{target}-{kind}"];

        var report = ExportJob.Run(new ExportOptions { Adapter = world.Adapter(kind), To = target, Output = output });

        Assert.Equal(kind is ShortcutKind.None or ShortcutKind.Block, report.Plan.IsExact);
        Assert.Equal(report.Plan.IsExact, report.MergeLoss!.MaxLogitDifference < Rounding);
        Assert.Equal(
            files.Append(ExportReport.FileName).Append(OutputMarker.FileName).Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(output).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        Assert.All(report.Proofs, proof =>
        {
            Assert.Empty(proof.Faults());
            Assert.InRange(proof.MaxLogitDifference, 0, Rounding);
            Assert.Equal(1, proof.TopOneAgreement);
            Assert.Equal(report.TokenIds.Sum(ids => ids.Count), proof.Predictions);
        });
        Assert.StartsWith("6 samples of the validation data of the run", report.MeasuredOn, StringComparison.Ordinal);
        Assert.Equal(files, report.Files.Select(f => f.Name));
        Assert.All(
            report.Files,
            f => Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(output, f.Name)))), f.Sha256));
        // What the disk is asked for beforehand; the headers of so small files are as large as their numbers.
        var weights = report.Files.Where(f => Path.GetExtension(f.Name) is ".safetensors" or ".gguf").Sum(f => f.Bytes);
        Assert.InRange(
            ExportSource.Open(new ExportOptions { Adapter = world.Adapter(kind), To = target }, ExportTargets.Get(target)).Bytes,
            weights / 3,
            weights);
        using var written = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, ExportReport.FileName)));
        Assert.Equal(Path.GetFullPath(world.Adapter(kind)), written.RootElement.GetProperty("plan").GetProperty("adapter").GetString());
        Assert.Equal(report.MergeLoss.MeanKl, written.RootElement.GetProperty("mergeLoss").GetProperty("meanKl").GetDouble());
        Assert.False(written.RootElement.GetProperty("mergeLoss").TryGetProperty("parts", out _));   // texts have none
    }

    [Theory]
    [InlineData("hf", 1)]
    [InlineData("llama.cpp", 1)]
    [InlineData("ollama", 1)]
    public void Run_ModelAlone_HasNoAdapterAndNoMerge(string target, int proofs)
    {
        var report = ExportJob.Run(new ExportOptions { Model = world.Model, To = target, Output = world.Folder[$"alone-{target}"] });

        Assert.Equal(proofs, report.Proofs.Count);
        Assert.Null(report.MergeLoss);
        Assert.DoesNotContain(report.Files, f => f.Name == "adapter.gguf");
        Assert.Equal(0, report.Proofs[0].MaxLogitDifference);
        Assert.True(report.Proofs[0].Prompts > 0);
    }

    [Theory]
    [InlineData("hf", ExportType.F16)]
    [InlineData("hf", ExportType.BF16)]
    [InlineData("llama.cpp", ExportType.BF16)]
    [InlineData("llama.cpp", ExportType.Q8)]
    public void Run_NarrowerType_IsRoundedAndWithinItsTolerance(string target, ExportType type)
    {
        var report = ExportJob.Run(new ExportOptions
        {
            Adapter = world.Adapter(ShortcutKind.Block),
            To = target,
            Type = type,
            Output = world.Folder[$"{target}-{type}"],
        });

        var proof = report.Proofs[0];
        Assert.Equal(type, proof.Type);
        Assert.InRange(proof.WeightError, 0.5, 1);
        Assert.InRange(proof.MaxLogitDifference, 1e-6, proof.Tolerance * Math.Max(1, proof.LargestLogit));
        Assert.Contains(report.Plan.Features, f => f.Name == "number type" && f.State == FeatureState.Baked);
    }

    [Fact]
    public void Run_SmallShards_AreIndexedAndReadBack()
    {
        const long shard = 8_000;
        var output = world.Folder["sharded"];

        var report = ExportJob.Run(new ExportOptions { Model = world.Model, To = "hf", Output = output, MaxShardBytes = shard });

        var shards = report.Files.Where(f => f.Name.EndsWith(".safetensors", StringComparison.Ordinal)).Select(f => f.Name).ToArray();
        Assert.True(shards.Length > 1);
        Assert.Equal($"model-00001-of-{shards.Length:D5}.safetensors", shards[0]);
        using var index = JsonDocument.Parse(File.ReadAllText(Path.Combine(output, "model.safetensors.index.json")));
        var header = CheckpointReader.ReadHeader(output);
        Assert.Equal(
            header.Entries.Values.Sum(e => e.Length), index.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64());
        Assert.Equal(header.Entries.Count, index.RootElement.GetProperty("weight_map").EnumerateObject().Count());
        Assert.All(shards, name =>
        {
            var tensors = SafetensorsReader.ReadHeader(Path.Combine(output, name)).Entries;
            Assert.True(tensors.Count == 1 || tensors.Values.Sum(e => e.Length) <= shard, name);
        });
        Assert.Equal(0, report.Proofs[0].MaxLogitDifference);
    }

    [Fact]
    public void Run_BlockShortcut_PeftGetsPatternsAndVllmOneRank()
    {
        ExportJob.Run(new ExportOptions { Adapter = world.Adapter(ShortcutKind.Block), To = "peft", Output = world.Folder["native"] });
        ExportJob.Run(new ExportOptions { Adapter = world.Adapter(ShortcutKind.Block), To = "vllm", Output = world.Folder["portable"] });

        var native = JsonNode.Parse(File.ReadAllText(Path.Combine(world.Folder["native"], "adapter_config.json")))!;
        var portable = JsonNode.Parse(File.ReadAllText(Path.Combine(world.Folder["portable"], "adapter_config.json")))!;
        // Rank 2, one previous block: the first layer keeps 2, the others have 4; the scaling is 16 / 2 everywhere.
        Assert.Equal((4, 32.0), ((int)native["r"]!, (double)native["lora_alpha"]!));
        Assert.Equal(
            [@"^model\.layers\.0\.self_attn\.q_proj", @"^model\.layers\.0\.self_attn\.v_proj"],
            native["rank_pattern"]!.AsObject().Select(p => p.Key).Order(StringComparer.Ordinal));
        Assert.All(native["rank_pattern"]!.AsObject(), p => Assert.Equal(2, (int)p.Value!));
        Assert.All(native["alpha_pattern"]!.AsObject(), p => Assert.Equal(16.0, (double)p.Value!));
        Assert.Equal((4, 4.0), ((int)portable["r"]!, (double)portable["lora_alpha"]!));
        Assert.Empty(portable["rank_pattern"]!.AsObject());
        Assert.Empty(portable["alpha_pattern"]!.AsObject());
    }

    [Fact]
    public void Run_PeftExport_LoadsHereAndComputesTheSame()
    {
        using var scope = NewDisposeScope();
        var output = world.Folder["loads-here"];
        ExportJob.Run(new ExportOptions { Adapter = world.Adapter(ShortcutKind.Block), To = "peft", Output = output });
        using var trained = ModelSession.Load(world.Model, world.Adapter(ShortcutKind.Block));
        using var loaded = ModelSession.Load(world.Model, output);
        using var noGradient = no_grad();
        var ids = arange(3, 13).unsqueeze(0);

        var difference =
            (trained.Causal.Logits(trained.Causal.Hidden(ids)) - loaded.Causal.Logits(loaded.Causal.Hidden(ids))).abs().max().item<float>();

        Assert.InRange(difference, 0, Rounding);
        Assert.Equal([2, 4], loaded.Adapter!.Blocks.Select(b => b.Config.Rank).Distinct().Order());
    }

    [Fact]
    public void Run_AdapterThatNamesNoBase_AsksForOne()
    {
        var folder = world.Folder["nameless"];
        using (var session = ModelSession.Load(world.Model, world.Adapter(ShortcutKind.None)))
        {
            AdapterStore.Save(session.Adapter!, folder);
        }

        var error = Assert.Throws<ConfigException>(
            () => ExportJob.Run(new ExportOptions { Adapter = folder, To = "peft", Output = world.Folder["nameless-out"] }));

        Assert.Contains("--model", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            "that the unmerged model wrote",
            ExportJob.Run(
                new ExportOptions { Adapter = folder, Model = world.Model, To = "peft", Output = world.Folder["nameless-out"] }).MeasuredOn,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vllm", null, "give one (--adapter)")]
    [InlineData("peft", ExportType.Q8, "stores f32, not q8_0")]
    [InlineData("hf", ExportType.Q8, "stores f32 or f16 or bf16, not q8_0")]
    [InlineData("lama.cpp", null, "llama.cpp")]
    public void Run_WhatATargetCannotBe_IsRefusedAndNothingIsWritten(string target, ExportType? type, string part)
    {
        var output = world.Folder["refused"];
        var options = new ExportOptions
        {
            Model = world.Model,
            Adapter = part.Contains("--adapter", StringComparison.Ordinal) ? null : world.Adapter(ShortcutKind.None),
            To = target,
            Type = type,
            Output = output,
        };

        var error = Assert.Throws<ConfigException>(() => ExportJob.Run(options));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(output));
    }

    [Fact]
    public void Run_MethodThatDoesNotFit_IsRefused()
    {
        var error = Assert.Throws<ConfigException>(() => ExportJob.Run(new ExportOptions
        {
            Adapter = world.Adapter(ShortcutKind.Input),
            Method = MergeMethod.Exact,
            To = "peft",
            Output = world.Folder["unfit"],
        }));

        Assert.Contains("use least-squares or projection", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_ApproximateMerge_SaysSoAndMeasuresItWithoutWriting()
    {
        var before = world.Folder.Names();

        var plan =
            ExportJob.Plan(new ExportOptions { Adapter = world.Adapter(ShortcutKind.Input), To = "vllm", Method = MergeMethod.Weights });

        Assert.Contains(
            plan.Features,
            f =>
                f.Name == "input shortcut" && f.State == FeatureState.Baked && f.Reason.Contains(
                    "approximately, method weights", StringComparison.Ordinal));
        Assert.True(plan.MergeLoss!.MeanKl > 0);
        Assert.Equal(
            before.Append("run-Input").Distinct().Order(StringComparer.Ordinal), world.Folder.Names().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Run_OutputThatHoldsTheSource_IsRefused()
    {
        var run = Path.GetDirectoryName(world.Adapter(ShortcutKind.None))!;

        var error = Assert.Throws<ConfigException>(() =>
            ExportJob.Run(
                new ExportOptions { Adapter = world.Adapter(ShortcutKind.None), To = "peft", Output = run, Overwrite = true }));

        Assert.Contains("written over what it is made from", error.Message, StringComparison.Ordinal);
        Assert.True(Directory.Exists(world.Adapter(ShortcutKind.None)));
    }

    [Fact]
    public void Run_ExportThatIsWrong_FailsAndLeavesTheOldOneAlone()
    {
        var output = world.Folder["kept"];
        AtomicFolder.Write(output, folder => File.WriteAllText(Path.Combine(folder, "old.txt"), "old"), overwrite: false);

        var error = Assert.Throws<RunFailedException>(() => ExportJob.Run(
            new ExportOptions { Adapter = world.Adapter(ShortcutKind.None), To = "hf", Output = output, Overwrite = true },
            new WrongTarget(file => TamperedFile.FlipSign(file, Wrong))));

        Assert.Contains("did not pass its proof", error.Message, StringComparison.Ordinal);
        Assert.Contains(Wrong, error.Message, StringComparison.Ordinal);
        Assert.Equal(
            [OutputMarker.FileName, "old.txt"],
            Directory.EnumerateFileSystemEntries(output).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(world.Folder.Names(), name => name.StartsWith(".kept", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0.5, false)]
    [InlineData(1.5, true)]
    public void Run_WeightThatIsOffBySoManyTolerances_IsAFaultAboveOne(double tolerances, bool isFault)
    {
        // Float32 is stored as it is, and may differ by a millionth of the tensor's largest number: a logit does not show it.
        const double tolerance = 1e-6;
        var options = new ExportOptions { Adapter = world.Adapter(ShortcutKind.None), To = "hf", Output = world.Folder[$"off-{isFault}"] };
        var target = new WrongTarget(file => TamperedFile.Shift(file, Wrong, tolerances * tolerance));

        if (isFault)
        {
            Assert.Contains(
                $"'{Wrong}' differs by 1.",
                Assert.Throws<RunFailedException>(() => ExportJob.Run(options, target)).Message,
                StringComparison.Ordinal);
        }
        else
        {
            Assert.InRange(ExportJob.Run(options, target).Proofs.Single().WeightError, 0.4, 0.6);
        }
    }

    [Fact]
    public void Run_ExistingOutput_IsReplacedOnlyWhenAsked()
    {
        var output = world.Folder["twice"];
        var options = new ExportOptions { Adapter = world.Adapter(ShortcutKind.None), To = "peft", Output = output };
        ExportJob.Run(options);

        Assert.Throws<ConfigException>(() => ExportJob.Run(options));
        Assert.Equal("vllm", ExportJob.Run(options with { To = "vllm", Overwrite = true }).Plan.Target);
    }

    /// <summary>Writes a model folder and spoils it.</summary>
    private sealed class WrongTarget(Action<string> spoil) : IExportTarget
    {
        private readonly IExportTarget _right = ExportTargets.Get("hf");

        public string Name => _right.Name;

        public bool NeedsAdapter => _right.NeedsAdapter;

        public IReadOnlyList<ExportType> Types => _right.Types;

        public ExportType DefaultType(ScalarType stored) => _right.DefaultType(stored);

        public bool Holds(string moduleName) => _right.Holds(moduleName);

        public IEnumerable<ExportFeature> Plan(ExportSource source) => _right.Plan(source);

        public void Write(ExportGraph graph, string folder)
        {
            _right.Write(graph, folder);
            spoil(Path.Combine(folder, "model.safetensors"));
        }

        public IEnumerable<ExportedModel> Open(string folder, ExportSource source) => _right.Open(folder, source);

        public IEnumerable<string> Next(ExportSource source, string folder) => _right.Next(source, folder);
    }
}
