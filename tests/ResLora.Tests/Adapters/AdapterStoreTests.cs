using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models.Llama;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters;

public sealed class AdapterStoreTests
{
    private const double Tolerance = 1e-5;   // float32: B is multiplied by the scaling once more

    // What every reader of PEFT folders accepts: the keys of PEFT's own example but layer_replication, sorted.
    private static readonly string[] _peftKeys =
    [
        "alpha_pattern", "auto_mapping", "base_model_name_or_path", "bias", "fan_in_fan_out", "inference_mode", "init_lora_weights",
        "layers_pattern", "layers_to_transform", "loftq_config", "lora_alpha", "lora_dropout", "megatron_config", "megatron_core",
        "modules_to_save", "peft_type", "r", "rank_pattern", "revision", "target_modules", "task_type", "use_dora", "use_rslora",
    ];

    [Fact]
    public void Save_PlainLora_IsAPeftFolder()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, ShortcutKind.None);

        AdapterStore.Save(adapted, folder["adapter"], "some/base");

        Assert.Equal(["adapter_config.json", "adapter_model.safetensors"], Names(folder["adapter"]));
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["adapter"], "adapter_config.json")));
        Assert.Equal(_peftKeys, json.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal("LORA", json.RootElement.GetProperty("peft_type").GetString());
        Assert.Equal("CAUSAL_LM", json.RootElement.GetProperty("task_type").GetString());
        Assert.Equal("some/base", json.RootElement.GetProperty("base_model_name_or_path").GetString());
        Assert.True(json.RootElement.GetProperty("inference_mode").GetBoolean());
        Assert.Equal(3, json.RootElement.GetProperty("r").GetInt32());
        Assert.Equal("4", json.RootElement.GetProperty("lora_alpha").GetRawText());
        Assert.Equal(
            ["down_proj", "q_proj", "v_proj"], json.RootElement.GetProperty("target_modules").EnumerateArray().Select(e => e.GetString()));
        var header = SafetensorsReader.ReadHeader(Path.Combine(folder["adapter"], "adapter_model.safetensors"));
        Assert.Equal("pt", header.Metadata["format"]);
        Assert.Equal([3, 16], header.Entries["base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"].Shape);
        Assert.Equal([8, 3], header.Entries["base_model.model.model.layers.3.self_attn.v_proj.lora_B.weight"].Shape);
        Assert.Equal(24, header.Entries.Count);
    }

    [Theory]
    [MemberData(nameof(TinyAdapters.Structures), MemberType = typeof(TinyAdapters))]
    public void SaveAndLoad_EveryStructure_GivesTheSameLogits(ShortcutKind kind, int m)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        var ids = TinyLlama.Ids(2, 6);
        var adapted = Adapt(model, kind, m, FirstBlock.Once, dropout: 0.1);
        var expected = TinyLlama.Logits(model, ids);
        AdapterStore.Save(adapted, folder["adapter"]);
        using var fresh = TinyLlama.Create();

        var loaded = AdapterStore.Load(fresh, folder["adapter"]);
        fresh.BeginForward = mask => loaded.BeginPass(mask);

        Assert.Equal(0, TinyAdapters.Distance(expected, TinyLlama.Logits(fresh, ids)));
        // The suffixes are resolved to the modules that have blocks; of a plain adapter the shortcut's settings are gone.
        Assert.Equal(
            adapted.Config with { Targets = loaded.Config.Targets, Shortcut = kind == ShortcutKind.None ? loaded.Config.Shortcut : adapted.Config.Shortcut },
            loaded.Config);
        Assert.Equal(adapted.Blocks.Select(b => b.ModuleName).Order(), loaded.Blocks.Select(b => b.ModuleName).Order());
    }

    [Fact]
    public void SaveAndLoad_Shortcut_KeepsTheStatistics()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, ShortcutKind.Middle, 2);
        model.train();
        TinyLlama.Logits(model, TinyLlama.Ids(2, 6)).Dispose();
        TinyLlama.Logits(model, TinyLlama.Ids(2, 5)).Dispose();
        AdapterStore.Save(adapted, folder["adapter"], baseModel: "some/base");
        using var fresh = TinyLlama.Create();

        var loaded = AdapterStore.Load(fresh, folder["adapter"]);

        Assert.Equal(["adapter.safetensors", "reslora_config.json"], Names(folder["adapter"]));
        Assert.All(adapted.Statistics.InputNorms, n => Assert.Equal(n.Value, loaded.Statistics.InputNorms[n.Key]));
        Assert.All(adapted.Statistics.LowNorms, n => Assert.Equal(n.Value, loaded.Statistics.LowNorms[n.Key]));
        Assert.Equal(2, loaded.Statistics.InputNorms["model.layers.0.self_attn.q_proj"].Count);
        using var expected = Merger.Merge(adapted, MergeMethod.Input);
        using var actual = Merger.Merge(loaded, MergeMethod.Input);
        Assert.Equal(
            expected.Blocks.ToDictionary(b => b.ModuleName, b => b.Alphas[0]),
            actual.Blocks.ToDictionary(b => b.ModuleName, b => b.Alphas[0]));
        Assert.Equal(
            ("reslora", "some/base"),
            (AdapterStore.Describe(folder["adapter"]).Format, AdapterStore.Describe(folder["adapter"]).BaseModel));
    }

    [Fact]
    public void SaveAndLoad_SomeLayersOnly_NamesTheModulesInFull()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.None) with
        {
            Targets = TargetModules.Matching(@"model\.layers\.[02]\.self_attn\.q_proj"),
        }).WithRandomB();

        AdapterStore.Save(adapted, folder["adapter"]);
        using var fresh = TinyLlama.Create();
        var loaded = AdapterStore.Load(fresh, folder["adapter"]);

        Assert.Equal(
            ["model.layers.0.self_attn.q_proj", "model.layers.2.self_attn.q_proj"], loaded.Blocks.Select(b => b.ModuleName).Order());
    }

    [Theory]
    [InlineData(ShortcutKind.None, MergeMethod.Exact, 3)]
    [InlineData(ShortcutKind.Block, MergeMethod.Exact, 9)]
    [InlineData(ShortcutKind.Input, MergeMethod.Weights, 3)]
    public void SavePeft_Merged_IsThePortableProfile(ShortcutKind kind, MergeMethod method, int rank)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        var ids = TinyLlama.Ids(2, 6);
        var adapted = Adapt(model, kind, kind == ShortcutKind.Block ? 2 : 1);
        using var merged = Merger.Merge(adapted, method);
        Tensor expected;
        using (merged.Apply())
        {
            expected = TinyLlama.Logits(model, ids);
        }

        AdapterStore.SavePeft(merged, folder["lora"]);
        using var fresh = TinyLlama.Create();
        var loaded = AdapterStore.Load(fresh, folder["lora"]);

        Assert.Equal((rank, (double)rank, ShortcutKind.None), (loaded.Config.Rank, loaded.Config.Alpha, loaded.Config.Shortcut.Kind));
        Assert.Equal(1, loaded.Config.Scaling);
        Assert.All(loaded.Blocks, b => Assert.Equal(rank, b.A.shape[0]));
        // The scaling is in B; rows beyond a block's own rank are zeros.
        var first = merged.Blocks.First(b => b.ModuleName == "model.layers.0.self_attn.q_proj").Pair;
        var stored = loaded["model.layers.0.self_attn.q_proj"];
        Assert.Equal(0, TinyAdapters.Distance(first.B * first.Scaling, stored.B.narrow(1, 0, 3)));
        Assert.Equal(
            0, stored.B.narrow(1, 3, rank - 3).abs().sum().item<float>() + stored.A.narrow(0, 3, rank - 3).abs().sum().item<float>());
        Assert.True(TinyAdapters.Distance(expected, TinyLlama.Logits(fresh, ids)) <= Tolerance * expected.abs().max().item<float>());
    }

    [Fact]
    public void SaveAndLoad_RanksAndAlphasOfTheirOwn_AreKeptAndCount()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        var ids = TinyLlama.Ids(2, 6);
        var overrides = new ModuleOverrides(
            [new(@"layers\.0\.self_attn\.q_proj", 5), new(".*v_proj", 2)],
            [new("down_proj", 7.5)]);
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.None), overrides).WithRandomB();
        var expected = TinyLlama.Logits(model, ids);

        AdapterStore.Save(adapted, folder["adapter"]);
        using var fresh = TinyLlama.Create();
        var loaded = AdapterStore.Load(fresh, folder["adapter"]);

        Assert.Equal(0, TinyAdapters.Distance(expected, TinyLlama.Logits(fresh, ids)));
        Assert.Equal(
            (5, 3, 2, 3),
            (loaded["model.layers.0.self_attn.q_proj"].Config.Rank, loaded["model.layers.1.self_attn.q_proj"].Config.Rank,
                loaded["model.layers.2.self_attn.v_proj"].Config.Rank, loaded["model.layers.3.mlp.down_proj"].Config.Rank));
        Assert.Equal(7.5 / 3, loaded["model.layers.3.mlp.down_proj"].Config.Scaling);
        // By hand, from the file alone: W + alpha / r · B A.
        using var file = SafetensorsReader.Open(Path.Combine(folder["adapter"], "adapter_model.safetensors"));
        const string down = "base_model.model.model.layers.3.mlp.down_proj";
        var block = loaded["model.layers.3.mlp.down_proj"];
        var byHand = block.Site.Weight + (file.Read($"{down}.lora_B.weight").matmul(file.Read($"{down}.lora_A.weight")) * 7.5 / 3);
        Assert.InRange(TinyAdapters.Distance(byHand, LoraMath.MergedWeight(block.Site.Weight, block.Pair)), 0, Tolerance);
    }

    [Fact]
    public void SavePeft_RanksOfTheirOwn_ArePaddedToOneAndComputeTheSame()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        var ids = TinyLlama.Ids(2, 6);
        var overrides = new ModuleOverrides([new("q_proj", 5)], [new("v_proj", 9)]);
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.None), overrides).WithRandomB();
        var expected = TinyLlama.Logits(model, ids);
        using var merged = Merger.Merge(adapted, MergeMethod.Exact);

        AdapterStore.SavePeft(merged, folder["lora"]);
        using var fresh = TinyLlama.Create();
        var loaded = AdapterStore.Load(fresh, folder["lora"]);

        Assert.True(AdapterStore.Describe(folder["lora"]).Overrides.IsEmpty);
        Assert.All(loaded.Blocks, b => Assert.Equal((5, 1.0), (b.Config.Rank, b.Config.Scaling)));
        Assert.InRange(TinyAdapters.Distance(expected, TinyLlama.Logits(fresh, ids)), 0, Tolerance * expected.abs().max().item<float>());
    }

    [Fact]
    public void Save_ExistingFolder_IsReplacedOnlyWhenAllowed()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        var adapted = Adapt(model, ShortcutKind.None);
        AdapterStore.Save(adapted, folder["adapter"]);

        AdapterStore.Save(adapted, folder["adapter"]);

        Assert.Throws<ConfigException>(() => AdapterStore.Save(adapted, folder["adapter"], overwrite: false));
    }

    [Fact]
    public void Load_ModelOfAnotherShape_NamesTheTensorsAndLeavesTheModelPlain()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        AdapterStore.Save(Adapt(model, ShortcutKind.Middle), folder["adapter"]);
        using var wider = TinyLlama.Create(TinyLlama.Config with { HiddenSize = 32 });

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(wider, folder["adapter"]));

        Assert.Contains("does not fit this model", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            "'model.layers.0.self_attn.q_proj.lora_A.weight' is [3, 16], the model needs [3, 32]", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(wider.named_modules(), m => m.module is AdapterBlock);
    }

    [Fact]
    public void Load_ModelWithFewerLayers_NamesTheModule()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        AdapterStore.Save(Adapt(model, ShortcutKind.Middle), folder["adapter"]);
        using var shorter = TinyLlama.Create(TinyLlama.Config with { LayerCount = 2 });

        var error = Assert.Throws<ConfigException>(() => AdapterStore.Load(shorter, folder["adapter"]));

        Assert.Contains("model.layers.2.self_attn.q_proj", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "'base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight' is missing")]
    [InlineData(false, "'base_model.model.score.weight' belongs to no block")]
    public void Load_TensorsMissingOrTooMany_AreNamed(bool remove, string part)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        AdapterStore.Save(Adapt(model, ShortcutKind.None), folder["adapter"]);
        var path = Path.Combine(folder["adapter"], "adapter_model.safetensors");
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        using (var reader = SafetensorsReader.Open(path))
        {
            foreach (var name in reader.Entries.Keys)
            {
                tensors[name] = reader.Read(name).clone();
            }
        }

        if (remove)
        {
            tensors.Remove("base_model.model.model.layers.1.self_attn.q_proj.lora_B.weight");
        }
        else
        {
            tensors["base_model.model.score.weight"] = ones(2);
        }

        SafetensorsWriter.Write(path, tensors);
        using var fresh = TinyLlama.Create();

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(fresh, folder["adapter"]));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_FolderWithoutAdapter_SaysWhatIsMissing()
    {
        using var folder = new TemporaryFolder();

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Describe(folder.Path));

        Assert.Contains("reslora_config.json", error.Message, StringComparison.Ordinal);
        Assert.Contains("adapter_config.json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "version": 2, "adapter": {}, "modules": ["q"] }""", "version 2")]
    [InlineData("""{ "version": 1, "adapter": {}, "modules": [] }""", "\"modules\" is empty")]
    [InlineData("""{ "version": 1, "adapter": null, "modules": ["q"] }""", "reslora_config.json")]
    [InlineData("""{ "version": 1, "adapter": {}, "modules": null }""", "reslora_config.json")]
    [InlineData("""{ "version": 1, "adapter": { "shortcut": null }, "modules": ["q"] }""", "reslora_config.json")]
    [InlineData("""{ "version": 1, "adapter": { "rnk": 3 }, "modules": ["q"] }""", "rnk")]
    [InlineData("""{ "version": 1, "adapter": { "shortcut": { "kind": "zigzag" } }, "modules": ["q"] }""", "kind")]
    [InlineData("""{ "version": 1, "modules": ["q"] }""", "adapter")]
    [InlineData("[]", "reslora_config.json")]
    [InlineData("null", "reslora_config.json")]
    [InlineData("", "reslora_config.json")]
    public void Describe_BrokenReslora_SaysWhere(string text, string part)
    {
        using var folder = new TemporaryFolder();
        folder.Write("reslora_config.json", text);

        var error = Assert.ThrowsAny<ResLoraException>(() => AdapterStore.Describe(folder.Path));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "targets": null }""")]
    [InlineData("""{ "targets": ["q_proj"] }""")]
    public void Describe_ResloraFolder_GoesOnItsModulesWhateverChoseThem(string adapter)
    {
        using var folder = new TemporaryFolder();
        folder.Write("reslora_config.json", $$"""{ "version": 1, "adapter": {{adapter}}, "modules": ["layers.0.q", "layers.1.q"] }""");

        Assert.Equal("layers.0.q, layers.1.q", $"{AdapterStore.Describe(folder.Path).Config.Targets}");
    }

    [Theory]
    [InlineData("""{ "kind": 9 }""", "shortcut.kind is 9")]
    [InlineData("""{ "kind": "block", "previousCount": -5 }""", "previousCount is -5")]
    public void Load_ImpossibleShortcut_IsNamed(string shortcut, string part)
    {
        using var folder = new TemporaryFolder();
        folder.Write("reslora_config.json", $$"""{ "version": 1, "adapter": { "shortcut": {{shortcut}} }, "modules": ["model.layers.0.self_attn.q_proj"] }""");
        using var model = TinyLlama.Create();

        var error = Assert.Throws<ConfigException>(() => AdapterStore.Load(model, folder.Path));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_StatisticOfAnotherKind_IsNamed()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        AdapterStore.Save(Adapt(model, ShortcutKind.Input), folder["adapter"]);
        var path = Path.Combine(folder["adapter"], "adapter.safetensors");
        Dictionary<string, Tensor> tensors;
        using (var reader = SafetensorsReader.Open(path))
        {
            tensors = reader.Entries.Keys.ToDictionary(k => k, k => reader.Read(k).clone());
        }

        tensors["statistics.input_norm.model.layers.0.self_attn.q_proj"] = ones(3, dtype: float32);
        SafetensorsWriter.Write(path, tensors);
        using var fresh = TinyLlama.Create();

        var error = Assert.Throws<FileFormatException>(() => AdapterStore.Load(fresh, folder["adapter"]));

        Assert.Contains("list of F64 numbers", error.Message, StringComparison.Ordinal);
    }

    private static AdaptedModel Adapt(
        LlamaModel model, ShortcutKind kind, int m = 1, FirstBlock first = FirstBlock.Doubled, double dropout = 0)
    {
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(kind, m, dropout, first)).WithRandomB();
        model.BeginForward = mask => adapted.BeginPass(mask);
        return adapted;
    }

    /// <summary>The files of an adapter but for the marker that every folder of ours has.</summary>
    private static string[] Names(string folder) =>
        [.. Directory.EnumerateFiles(folder).Select(f => Path.GetFileName(f)).Where(name => name != OutputMarker.FileName).Order(StringComparer.Ordinal)];
}
