using System.Text.Json.Nodes;
using ResLora.Adapters;
using ResLora.Adapters.Methods.AdaLora;
using ResLora.Adapters.Methods.Ia3;
using ResLora.Models.Vit;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using ResLora.Training;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Vit;

/// <summary>Adapters on a ViT in PEFT's layout, whose names are those inside of transformers 5.</summary>
public sealed class VitAdapterTests
{
    private const double Tolerance = 1e-6;   // tensors of a mapped file are aligned otherwise, and kernels round otherwise
    private const string Block = "base_model.model.vit.layers.0.";

    [Fact]
    public void Save_BlocksOnEveryKindOfLayer_HasPeftsNames()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        string[] targets = ["query", "key", "value", "dense", "projection"];
        var adapted = AdaptedModel.Inject(model, Plain(targets), savedModules: model.HeadModules);

        AdapterStore.Save(adapted, folder["adapter"]);

        var names = SafetensorsReader.ReadHeader(Tensors(folder)).Entries.Keys;
        Assert.Equal(
            [
                Block + "attention.k_proj.lora_A.weight", Block + "attention.o_proj.lora_A.weight", Block
                    + "attention.q_proj.lora_A.weight",
                Block + "attention.v_proj.lora_A.weight", Block + "mlp.fc1.lora_A.weight", Block + "mlp.fc2.lora_A.weight",
            ],
            names.Where(name => name.StartsWith(Block, StringComparison.Ordinal) && name.Contains("lora_A")).Order(StringComparer.Ordinal));
        Assert.Contains("base_model.model.vit.embeddings.patch_embeddings.projection.lora_A.weight", names);
        Assert.Contains("base_model.model.classifier.weight", names);
        var config = Config(folder);
        Assert.Equal(["fc1", "fc2", "k_proj", "o_proj", "projection", "q_proj", "v_proj"], Texts(config["target_modules"]));
        Assert.Equal(["classifier"], Texts(config["modules_to_save"]));
        Assert.True(config.ContainsKey("task_type"));
        Assert.Null(config["task_type"]);
    }

    [Theory]
    [InlineData("lora", "query", "value")]
    [InlineData("lora", "query", "key", "value", "dense", "projection")]
    [InlineData("dora", "query", "projection")]
    [InlineData("loha", "query", "output.dense")]
    [InlineData("lokr", "intermediate.dense")]
    public void Load_WhatWasSaved_PredictsTheSame(string method, params string[] targets)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        var config = Plain(targets) with { Method = method };
        var adapted = AdaptedModel.Inject(model, config, savedModules: model.HeadModules);
        Shake(adapted);
        AdapterStore.Save(adapted, folder["adapter"]);

        AssertSame(folder, model);
    }

    [Fact]
    public void Load_NamesOfTransformersFour_PredictsTheSame()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        var adapted = AdaptedModel.Inject(model, Plain("query", "value"), savedModules: model.HeadModules);
        Shake(adapted);
        AdapterStore.Save(adapted, folder["adapter"]);
        Rename(folder, name => name
            .Replace(".layers.", ".encoder.layer.", StringComparison.Ordinal)
            .Replace("attention.q_proj", "attention.attention.query", StringComparison.Ordinal)
            .Replace("attention.v_proj", "attention.attention.value", StringComparison.Ordinal));
        Change(folder, config => config["target_modules"] = new JsonArray("query", "value"));

        AssertSame(folder, model);
    }

    [Fact]
    public void Load_AdapterOfABareModel_PredictsTheSame()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        var adapted = AdaptedModel.Inject(model, Plain("query"));
        Shake(adapted);
        AdapterStore.Save(adapted, folder["adapter"]);
        Rename(folder, name => name.Replace("model.vit.", "model.", StringComparison.Ordinal));

        AssertSame(folder, model);
    }

    [Fact]
    public void Load_RanksOfSingleModules_AreThoseOfPeftsNames()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        AdapterStore.Save(AdaptedModel.Inject(model, Plain("query", "output.dense") with { Rank = 3 }), folder["adapter"]);
        SafetensorsWriter.Write(Tensors(folder), Read(folder).ToDictionary(t => t.Key, t => t.Key switch
        {
            var name when !name.Contains("layers.1.mlp.fc2", StringComparison.Ordinal) => t.Value,
            var name when name.Contains("lora_A", StringComparison.Ordinal) => t.Value[..1],
            _ => t.Value[.., ..1].contiguous(),
        }));
        Change(folder, config =>
        {
            config["rank_pattern"] = new JsonObject { ["layers.1.mlp.fc2"] = 1 };
            config["alpha_pattern"] = new JsonObject { ["layers.1.*fc2"] = 5 };
        });
        using var fresh = TinyVit.Create();

        var read = SavedAdapter.Load(fresh, folder["adapter"]);

        // 'output.dense' ends the name of attention's output, too.
        Assert.Equal(9, read.Blocks.Count);
        var own = read["vit.encoder.layer.1.output.dense"];
        Assert.Equal((1, 5.0), (own.Config.Rank, own.Config.Alpha));
        Assert.All(read.Blocks.Where(block => block != own), block => Assert.Equal(3, block.Config.Rank));
    }

    [Fact]
    public void Save_FactorsOfInputs_NamesTheirModulesAsPeftDoes()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        var config = new AdapterConfig
        {
            Method = "ia3",
            Targets = TargetModules.Suffixes("key", "intermediate.dense"),
            Ia3 = new Ia3Settings { Feedforward = TargetModules.Suffixes("intermediate.dense") },
        };
        var adapted = AdaptedModel.Inject(model, config);
        Shake(adapted);

        AdapterStore.Save(adapted, folder["adapter"]);

        var written = Config(folder)["feedforward_modules"]!.ToString();
        Assert.Matches($"^{written}$", "vit.layers.2.mlp.fc1");
        Assert.DoesNotMatch($"^{written}$", "vit.layers.2.attention.k_proj");
        AssertSame(folder, model);
    }

    [Theory]
    [InlineData(ShortcutKind.Input)]
    [InlineData(ShortcutKind.Block)]
    [InlineData(ShortcutKind.Middle)]
    public void Load_ShortcutsThatWereSaved_PredictsTheSame(ShortcutKind kind)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        var config = Plain("query", "value", "dense") with { Shortcut = new ShortcutConfig { Kind = kind } };
        var adapted = AdaptedModel.Inject(model, config, savedModules: model.HeadModules);
        model.BeginForward = mask => adapted.BeginPass(mask);
        Shake(adapted);
        AdapterStore.Save(adapted, folder["adapter"]);

        AssertSame(folder, model);
    }

    [Fact]
    public void LoadAndSave_PrunedAdaLora_TellsWhatIsKeptByPeftsNames()
    {
        const string module = "vit.layers.0.attention.q_proj";
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        var config = Plain("query") with { Method = "adalora", AdaLora = new AdaLoraConfig { TargetRank = 1 } };
        AdapterStore.Save(AdaptedModel.Inject(model, config, savedModules: model.HeadModules), folder["adapter"]);
        Change(folder, file => file["rank_pattern"] = new JsonObject { [module + ".lora_E"] = new JsonArray(true, false) });
        SafetensorsWriter.Write(Tensors(folder), Read(folder).ToDictionary(t => t.Key, t => t.Key.Contains(module, StringComparison.Ordinal)
            ? t.Value.narrow(t.Key.EndsWith("lora_B", StringComparison.Ordinal) ? 1 : 0, 0, 1).contiguous()
            : t.Value));
        using var fresh = TinyVit.Create();

        AdapterStore.Save(SavedAdapter.Load(fresh, folder["adapter"]), folder["adapter"]);

        Assert.Equal("""{"vit.layers.0.attention.q_proj.lora_E":[true,false]}""", Config(folder)["rank_pattern"]!.ToJsonString());
    }

    private static AdapterConfig Plain(params string[] targets) => new() { Rank = 2, Alpha = 3, Targets = TargetModules.Suffixes(targets) };

    private static void Shake(AdaptedModel adapted)
    {
        using var noGradient = no_grad();
        foreach (var (_, parameter) in adapted.TrainableParameters())
        {
            using var waves = arange(parameter.numel(), dtype: float32).sin().reshape(parameter.shape);
            parameter.add_(waves, alpha: 0.3);
        }
    }

    private static void AssertSame(TemporaryFolder folder, VitModel model)
    {
        using var plain = TinyVit.Create();
        using var fresh = TinyVit.Create();
        var read = SavedAdapter.Load(fresh, folder["adapter"]);
        fresh.BeginForward = mask => read.BeginPass(mask);

        var wanted = TinyVit.Predict(model);

        Assert.Equal(0, TinyAdapters.Distance(wanted, TinyVit.Predict(fresh)), Tolerance);
        Assert.True(TinyAdapters.Distance(wanted, TinyVit.Predict(plain)) > 0.01);
    }

    private static string Tensors(TemporaryFolder folder) => Path.Combine(folder["adapter"], "adapter_model.safetensors");

    private static JsonObject Config(TemporaryFolder folder) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(folder["adapter"], "adapter_config.json")))!.AsObject();

    private static void Change(TemporaryFolder folder, Action<JsonObject> change)
    {
        var config = Config(folder);
        change(config);
        File.WriteAllText(Path.Combine(folder["adapter"], "adapter_config.json"), config.ToJsonString());
    }

    private static Dictionary<string, Tensor> Read(TemporaryFolder folder)
    {
        using var reader = SafetensorsReader.Open(Tensors(folder));
        return reader.Entries.Keys.ToDictionary(name => name, name => reader.Read(name).clone(), StringComparer.Ordinal);
    }

    private static void Rename(TemporaryFolder folder, Func<string, string> rename) =>
        SafetensorsWriter.Write(Tensors(folder), Read(folder).ToDictionary(t => rename(t.Key), t => t.Value));

    private static IEnumerable<string> Texts(JsonNode? list) =>
        list!.AsArray().Select(text => text!.GetValue<string>()).Order(StringComparer.Ordinal);
}
