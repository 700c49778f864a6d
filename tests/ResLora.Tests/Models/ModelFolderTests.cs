using System.Text.Json;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Adapters;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models;

public sealed class ModelFolderTests
{
    [Theory]
    [InlineData("llama", true)]
    [InlineData("llama", false)]
    [InlineData("qwen2", true)]
    [InlineData("qwen3", false)]
    public void Write_AndLoad_GivesTheSameModel(string family, bool tied)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create(TinyLlama.Config with { ModelType = family, TieWordEmbeddings = tied, ConfiguredHeadSize = 4 });

        using var loaded = ModelRegistry.LoadCausal(TinyFolders.Write(folder, model));

        Assert.Equal(0, TinyAdapters.Distance(TinyLlama.Logits(model, TinyLlama.Ids(2, 5)), TinyLlama.Logits(loaded, TinyLlama.Ids(2, 5))));
        using var json = Config(folder["model"]);
        Assert.Equal(tied, json.RootElement.GetProperty("tie_word_embeddings").GetBoolean());
        Assert.Equal("float32", json.RootElement.GetProperty("torch_dtype").GetString());
        Assert.Equal("kept", json.RootElement.GetProperty("a_key_of_somebody_else").GetString());
        Assert.Equal(
            [OutputMarker.FileName, "config.json", "model.safetensors", "tokenizer.json"],
            Directory.EnumerateFiles(folder["model"]).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
        Assert.Equal(
            !tied, SafetensorsReader.ReadHeader(Path.Combine(folder["model"], "model.safetensors")).Entries.ContainsKey("lm_head.weight"));
    }

    [Fact]
    public void Write_ConfigThatLiesAboutTheTie_IsSetRight()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        folder.Write("config.json", TinyFolders.Json(TinyLlama.Config with { TieWordEmbeddings = true }));

        ModelFolder.Write(model, folder.Path, folder["model"]);

        using var json = Config(folder["model"]);
        Assert.False(json.RootElement.GetProperty("tie_word_embeddings").GetBoolean());
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, "bfloat16")]
    [InlineData(ScalarType.Float16, "float16")]
    public void Write_AnotherDtype_IsWhatTheConfigSays(ScalarType dtype, string name)
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        // Newer configurations call the same thing "dtype".
        folder.Write(
            "config.json",
            TinyFolders.Json(TinyLlama.Config).Replace("\"model_type\"", "\"dtype\":\"float32\",\"model_type\"", StringComparison.Ordinal));

        ModelFolder.Write(model, folder.Path, folder["model"], dtype);
        using var loaded = ModelRegistry.LoadCausal(folder["model"]);

        Assert.Equal(dtype, loaded.DataType);
        using var json = Config(folder["model"]);
        Assert.Equal(name, json.RootElement.GetProperty("torch_dtype").GetString());
        Assert.True(!json.RootElement.TryGetProperty("dtype", out var newer) || newer.GetString() == name);
    }

    [Fact]
    public void Write_DtypeWithoutAName_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        folder.Write("config.json", TinyFolders.Json(TinyLlama.Config));

        Assert.Throws<ConfigException>(() => ModelFolder.Write(model, folder.Path, folder["model"], ScalarType.Float64));

        Assert.False(Directory.Exists(folder["model"]));
    }

    [Fact]
    public void Write_ExistingFolder_IsReplacedOnlyWhenAsked()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        TinyFolders.Write(folder, model);

        Assert.Throws<ConfigException>(() => ModelFolder.Write(model, folder["source"], folder["model"]));
        ModelFolder.Write(model, folder["source"], folder["model"], overwrite: true);

        Assert.True(File.Exists(Path.Combine(folder["model"], "model.safetensors")));
    }

    [Fact]
    public void Write_OverItsSource_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        folder.Write("config.json", TinyFolders.Json(TinyLlama.Config));

        var error = Assert.Throws<ConfigException>(
            () => ModelFolder.Write(model, folder.Path, folder.Path + Path.DirectorySeparatorChar, overwrite: true));

        Assert.Contains("choose another output", error.Message, StringComparison.Ordinal);
        Assert.Equal(["config.json"], folder.Names());
    }

    [Fact]
    public void Write_UnmergedBlocks_IsRefused()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        folder.Write("config.json", TinyFolders.Json(TinyLlama.Config));
        AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.None));

        Assert.Throws<InvalidOperationException>(() => ModelFolder.Write(model, folder.Path, folder["model"]));
    }

    [Fact]
    public void Write_WhileAMergeIsInForce_HoldsTheMergedWeights()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var model = TinyLlama.Create();
        folder.Write("config.json", TinyFolders.Json(TinyLlama.Config));
        var adapted = AdaptedModel.Inject(model, TinyAdapters.Config(ShortcutKind.Block, 2)).WithRandomB();
        using var merged = Merger.Merge(adapted, MergeMethod.Exact);
        Tensor expected;
        using (merged.Apply())
        {
            ModelFolder.Write(model, folder.Path, folder["model"]);
            expected = TinyLlama.Logits(model, TinyLlama.Ids(1, 5));
        }

        using var loaded = ModelRegistry.LoadCausal(folder["model"]);

        Assert.Equal(0, TinyAdapters.Distance(expected, TinyLlama.Logits(loaded, TinyLlama.Ids(1, 5))));
    }

    private static JsonDocument Config(string folder) => JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "config.json")));
}
