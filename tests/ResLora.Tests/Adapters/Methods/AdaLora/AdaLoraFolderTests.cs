using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Adapters.Methods.AdaLora;
using ResLora.Formats.Errors;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Methods.AdaLora;

public sealed class AdaLoraFolderTests
{
    private const double Tolerance = 1e-5;   // float32: products in another order
    private const string Query = "model.layers.1.self_attn.q_proj";
    private const string Value = "model.layers.1.self_attn.v_proj";

    [Fact]
    public void Load_PrunedByPeft_IsReadAndWrittenAgainAsItWas()
    {
        using var scope = NewDisposeScope();
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        using var expected = TinyLlama.Create();
        Write(files);
        PeftFiles.Set(expected, $"{Query}.weight", weight => weight + ByHand(files, Query));

        var adapted = AdapterStore.Load(model, files.Folder);
        AdapterStore.Save(adapted, files.Other("again"));

        Assert.InRange(TinyAdapters.Distance(PeftFiles.Logits(expected), PeftFiles.Logits(model)), 0, Tolerance);
        Assert.Equal([false, true, true, false], ((AdaLoraBlock)adapted[Query]).Kept);
        using var again = SafetensorsReader.Open(Path.Combine(files.Other("again"), "adapter_model.safetensors"));
        Assert.Equal(files.Tensors.Keys.Order(), again.Entries.Keys.Order());
        Assert.All(files.Tensors, tensor => Assert.True(tensor.Value.equal(again.Read(tensor.Key)).all().item<bool>(), tensor.Key));
        var config = Keys(files.Other("again"));
        Assert.Equal(JsonSerializer.Serialize(files.Config["rank_pattern"]), JsonSerializer.Serialize(config["rank_pattern"]));
        Assert.All(["init_r", "target_r", "tinit", "tfinal", "deltaT", "beta1", "beta2", "orth_reg_weight", "total_step", "peft_type"], key =>
            Assert.Equal(files.Config[key]!.ToJsonString(), config[key].GetRawText()));
        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        using (merged.Apply())
        {
            Assert.InRange(TinyAdapters.Distance(PeftFiles.Logits(expected), PeftFiles.Logits(model)), 0, Tolerance);
        }
    }

    [Fact]
    public void Save_NothingWasPruned_HasAllEntriesAndNoPattern()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        using var again = TinyLlama.Create();

        AdapterStore.Save(AdaptedModel.Inject(model, AdaLoraBlockTests.Config(ShortcutKind.None)), folder["adapter"]);

        var config = Keys(folder["adapter"]);
        Assert.Equal(JsonValueKind.Null, config["rank_pattern"].ValueKind);
        Assert.Equal((3, 2), (config["init_r"].GetInt32(), config["target_r"].GetInt32()));
        Assert.True(
            config["total_step"].GetInt32() > config["tinit"].GetInt32() + config["tfinal"].GetInt32(), "PEFT opens no folder otherwise");
        Assert.Equal([3, 1], ((AdaLoraBlock)AdapterStore.Load(again, folder["adapter"])[Query]).E.shape);
    }

    [Fact]
    public void Save_EntryThatCameBack_IsKept()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        var adapted = AdaLoraBlockTests.Random(AdaptedModel.Inject(model, AdaLoraBlockTests.Config(ShortcutKind.None)));
        Prune(adapted, first: [0, 0, 1]);   // its first entry is 0, its second is not

        AdapterStore.Save(adapted, folder["adapter"]);

        using var stored = SafetensorsReader.Open(Path.Combine(folder["adapter"], "adapter_model.safetensors"));
        Assert.Equal([2, 16], stored.Entries[$"{PeftFiles.Prefix}{adapted.Blocks[0].ModuleName}.lora_A"].Shape);
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Middle)]
    public void SaveAndLoad_WithAShortcut_KeepsEveryRow(ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        using var again = TinyLlama.Create();
        var settings = new AdaLoraConfig { TargetRank = 1, WarmupSteps = 5, OrthogonalWeight = 0.1 };
        var adapted = AdaLoraBlockTests.Random(AdaptedModel.Inject(model, AdaLoraBlockTests.Config(kind) with { AdaLora = settings }));
        Prune(adapted, first: [0, 1, 1]);

        AdapterStore.Save(adapted, folder["adapter"]);
        var loaded = AdapterStore.Load(again, folder["adapter"]);

        Assert.Equal(
            (1, 5, 0.1), (loaded.Config.AdaLora!.TargetRank, loaded.Config.AdaLora.WarmupSteps, loaded.Config.AdaLora.OrthogonalWeight));
        Assert.All(
            adapted.BlockParameters().Zip(loaded.BlockParameters()),
            pair => Assert.Equal(0, TinyAdapters.Distance(pair.First.Value, pair.Second.Value)));
    }

    [Theory]
    [InlineData("[true, false]", "has 2 entries, and init_r is 4")]
    [InlineData("3", "cannot be read")]
    public void Load_PatternThatDoesNotFit_IsRefused(string pattern, string expected)
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        Write(files);
        files.Write(("rank_pattern", $"{{\"{Query}.lora_E\": {pattern}}}"));

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(model, files.Folder));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_PatternOfAModuleWithoutBlock_IsRefused()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        Write(files);
        files.Config["rank_pattern"]!["model.layers.7.self_attn.q_proj.lora_E"] = new JsonArray(true, true, true, true);
        files.Write();

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(model, files.Folder));

        Assert.Contains(
            "rank_pattern names 'model.layers.7.self_attn.q_proj', which has no block", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TargetAboveTheRank_IsTakenForTheRank()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        Write(files);
        files.Write(("target_r", "8"));

        Assert.Equal(4, AdapterStore.Load(model, files.Folder).Config.AdaLora!.TargetRank);
    }

    [Fact]
    public void Load_PatternAndTensorsDiffer_IsRefused()
    {
        using var files = new PeftFiles();
        using var model = TinyLlama.Create();
        Write(files);
        files.Write(
            ("rank_pattern", $"{{\"{Query}.lora_E\": [true, true, true, false], \"{Value}.lora_E\": [false, false, false, false]}}"));

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(model, files.Folder));

        Assert.Contains("lora_A' is [2, 16], the model needs [3, 16]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Facts_PrunedFolder_TellTheRanks()
    {
        using var files = new PeftFiles();
        Write(files);
        var description = AdapterStore.Describe(files.Folder);

        var fact = Assert.Single(description.Config.Kind.Facts(description));

        Assert.Equal(KeyValuePair.Create("kept ranks", "0 to 2, 1 on average (target 2)"), fact);
    }

    /// <summary>Two blocks as PEFT prunes them: two of four entries are left, and none.</summary>
    private static void Write(PeftFiles files)
    {
        foreach (var (module, outputs, kept) in new[] { (Query, 16, 2), (Value, 8, 0) })
        {
            files.Tensors[$"{PeftFiles.Prefix}{module}.lora_A"] = files.Random(kept, 16);
            files.Tensors[$"{PeftFiles.Prefix}{module}.lora_B"] = files.Random(outputs, kept);
            files.Tensors[$"{PeftFiles.Prefix}{module}.lora_E"] = files.Random(kept, 1);
        }

        files.Write(
            ("peft_type", "\"ADALORA\""), (
                "target_modules", "\".*layers.1.*[qv]_proj\""), ("init_r", "4"), ("target_r", "2"), ("tinit", "3"), ("tfinal", "5"),
            ("total_step", "40"), ("deltaT", "2"), ("beta1", "0.8"), ("beta2", "0.9"), (
                "orth_reg_weight", "0.25"), ("r", "8"), ("alpha_pattern", "{}"),
            ("rank_pattern", $"{{\"{Query}.lora_E\": [false, true, true, false], \"{Value}.lora_E\": [false, false, false, false]}}"));
    }

    /// <summary>Puts back a state of training in which some entries of the first block were pruned.</summary>
    private static void Prune(AdaptedModel adapted, float[] first)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var training = adapted.Config.Kind.Training(adapted, 10, 0)!;
        training.State.Single(state => state.Key == "kept").Value[0] = tensor(first);
        training.Restored();
    }

    private static Tensor ByHand(PeftFiles files, string module)
    {
        Tensor Of(string factor) => files.Tensors[$"{PeftFiles.Prefix}{module}.{factor}"];
        return Of("lora_B").matmul(Of("lora_A") * Of("lora_E")) * (PeftFiles.Alpha / (4 + 1e-5));
    }

    private static Dictionary<string, JsonElement> Keys(string folder) =>
        JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(File.ReadAllText(Path.Combine(folder, "adapter_config.json")))!;
}
