using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Vit;

public sealed class VitCheckpointTests
{
    private const double Tolerance = 1e-6;   // tensors of a mapped file are aligned otherwise, and kernels round otherwise

    /// <summary>The names inside of transformers 5, as its state dictionaries have them.</summary>
    private static string Inner(string name) => name
        .Replace("attention.attention.query", "attention.q_proj", StringComparison.Ordinal)
        .Replace("attention.attention.key", "attention.k_proj", StringComparison.Ordinal)
        .Replace("attention.attention.value", "attention.v_proj", StringComparison.Ordinal)
        .Replace("attention.output.dense", "attention.o_proj", StringComparison.Ordinal)
        .Replace("intermediate.dense", "mlp.fc1", StringComparison.Ordinal)
        .Replace("output.dense", "mlp.fc2", StringComparison.Ordinal)
        .Replace("encoder.layer", "layers", StringComparison.Ordinal);

    private static string Bare(string name) => name.Replace("vit.", "", StringComparison.Ordinal);

    public static TheoryData<string, Func<string, string>> Spellings => new()
    {
        { "published", name => name },
        { "inside of transformers 5", Inner },
        { "bare", Bare },
        { "bare, inside of transformers 5", name => Inner(Bare(name)) },
    };

    [Theory]
    [MemberData(nameof(Spellings))]
    public void Load_NamesOfAnySpelling_GivesTheSameModel(string spelling, Func<string, string> rename)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        TinyVit.Write(folder, model, tensors => tensors.ToDictionary(t => rename(t.Key), t => t.Value));

        using var loaded = (ImageModel)ModelRegistry.Load(folder.Path);

        Assert.True(TinyAdapters.Distance(TinyVit.Predict(model), TinyVit.Predict(loaded)) <= Tolerance, spelling);
        Assert.False(loaded.training);
        Assert.Empty(loaded.NewModules);
    }

    [Fact]
    public void Load_PoolerAndPartsForMaskedPictures_AreLeftOut()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        TinyVit.Write(folder, model, tensors => new Dictionary<string, Tensor>(tensors)
        {
            ["vit.pooler.dense.weight"] = ones(3),
            ["pooler.dense.bias"] = ones(3),
            ["vit.embeddings.mask_token"] = ones(1, 1, 16),
            ["decoder.0.weight"] = ones(3),
        });

        using var loaded = (ImageModel)ModelRegistry.Load(folder.Path);

        Assert.Equal(0, TinyAdapters.Distance(TinyVit.Predict(model), TinyVit.Predict(loaded)), Tolerance);
    }

    [Fact]
    public void Load_BareModelWithAPooler_DrawsTheHeadFromTheSeed()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        TinyVit.Write(folder, model, tensors => tensors
            .Where(t => !t.Key.StartsWith("classifier", StringComparison.Ordinal))
            .Select(t => KeyValuePair.Create(Bare(t.Key), t.Value))
            .Append(KeyValuePair.Create("pooler.dense.weight", ones(3)))
            .ToDictionary());
        var head = ModelHead.ForLabels(["bird", "fish"]);

        using var first = (ImageModel)ModelRegistry.Load(folder.Path, head: head, headSeed: 4);
        using var second = (ImageModel)ModelRegistry.Load(folder.Path, head: head, headSeed: 4);
        using var third = (ImageModel)ModelRegistry.Load(folder.Path, head: head, headSeed: 5);
        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.Load(folder.Path, head: head));
        using var planned = ModelRegistry.Plan(folder.Path, head);

        Assert.Equal(["classifier"], first.NewModules);
        Assert.Equal(["classifier"], first.HeadModules);
        Assert.Equal(["classifier"], planned.NewModules);
        Assert.Equal([2, 2], TinyVit.Predict(first).shape);
        Assert.Equal(0, TinyAdapters.Distance(TinyVit.Predict(first), TinyVit.Predict(second)));
        Assert.NotEqual(0, TinyAdapters.Distance(TinyVit.Predict(first), TinyVit.Predict(third)));
        Assert.Contains("'classifier.weight' is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ModelThatLearntFromATeacher_DrawsOneHead()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create(TinyVit.Config with { ModelType = "deit" });
        TinyVit.Write(folder, model, tensors => tensors.ToDictionary(
            t => t.Key.Replace("classifier", "cls_classifier", StringComparison.Ordinal), t => t.Value)
            .Append(KeyValuePair.Create("distillation_classifier.weight", ones(3, 16))).ToDictionary());

        using var loaded = ModelRegistry.Load(folder.Path, headSeed: 1);

        Assert.Equal(["classifier"], loaded.NewModules);
        Assert.Equal([1, 1, 16], loaded.named_parameters().Single(p => p.name == "deit.embeddings.distillation_token").parameter.shape);
    }

    [Fact]
    public void Load_HeadOfAnotherNumberOfLabels_IsDrawnAnew()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        TinyVit.Write(folder, model);

        using var loaded = (ImageModel)ModelRegistry.Load(folder.Path, head: ModelHead.OfOutputs(8), headSeed: 0);

        Assert.Equal(["classifier"], loaded.NewModules);
        Assert.Equal(0.02, loaded.named_parameters().Single(p => p.name == "classifier.weight").parameter.std().item<float>(), 0.008);
    }

    [Fact]
    public void Load_PositionsOfAnotherSize_AreRefusedByName()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create(TinyVit.Config with { ImageSize = new(12, 8) });
        TinyVit.Write(folder, model);
        File.WriteAllText(folder["config.json"], File.ReadAllText(folder["config.json"]).Replace("[12,8]", "8", StringComparison.Ordinal));

        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.Load(folder.Path));

        Assert.Contains(
            "'vit.embeddings.position_embeddings' is [1, 7, 16], the configuration says [1, 5, 16]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TensorOfNoKnownKind_IsRefused()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        TinyVit.Write(folder, model, tensors => new Dictionary<string, Tensor>(tensors) { ["vit.encoder.layer.3.extra"] = ones(3) });

        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.Load(folder.Path));

        Assert.Contains("'vit.encoder.layer.3.extra' belongs to no layer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_InBfloat16_KeepsTheHeadInFloat32()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        TinyVit.Write(folder, model);

        using var loaded = (ImageModel)ModelRegistry.Load(folder.Path, ScalarType.BFloat16);

        Assert.Equal(ScalarType.BFloat16, loaded.DataType);
        Assert.All(loaded.named_parameters(), p => Assert.Equal(
            p.name.StartsWith("classifier.", StringComparison.Ordinal) ? ScalarType.Float32 : ScalarType.BFloat16, p.parameter.dtype));
        var logits = TinyVit.Predict(loaded);
        Assert.Equal(ScalarType.Float32, logits.dtype);
        Assert.Equal(0, TinyAdapters.Distance(TinyVit.Predict(model), logits), 0.05);
    }

    [Fact]
    public void Build_HeadForMaskedTokens_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        TinyVit.Write(folder, model);

        var error = Assert.Throws<ConfigException>(() => ModelRegistry.Build(folder.Path, ModelHead.MaskedTokens));

        Assert.Contains("has no head for masked tokens", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadText_ModelOfPictures_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create();
        TinyVit.Write(folder, model);

        var error = Assert.Throws<ConfigException>(() => ModelRegistry.LoadText(folder.Path));

        Assert.Contains("reads no text", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_ModelWithLabels_SaysInTheConfigurationWhatTheHeadIs()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyVit.Create(head: ModelHead.ForLabels(["cat", "dog"]));
        TinyVit.Write(folder, model);
        folder.Write("preprocessor_config.json", """{ "do_resize": true }""");

        ModelFolder.Write(model, folder.Path, folder["written"]);

        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["written"], "config.json")));
        Assert.Equal("ViTForImageClassification", json.RootElement.GetProperty("architectures")[0].GetString());
        Assert.Equal("dog", json.RootElement.GetProperty("id2label").GetProperty("1").GetString());
        Assert.Equal(8, json.RootElement.GetProperty("image_size").GetInt32());
        Assert.Equal("kept", json.RootElement.GetProperty("a_key_of_somebody_else").GetString());
        Assert.True(File.Exists(Path.Combine(folder["written"], "preprocessor_config.json")));
        using var loaded = ModelRegistry.Load(folder["written"]);
        Assert.Equal(["cat", "dog"], loaded.Head!.Labels);
    }
}
