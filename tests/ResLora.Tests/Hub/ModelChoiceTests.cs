using ResLora.Formats.Errors;
using ResLora.Hub;
using Xunit;

namespace ResLora.Tests.Hub;

public sealed class ModelChoiceTests : IDisposable
{
    private readonly HubWorld _world = new();

    [Fact]
    public void Get_AModelInSeveralFiles_TakesThoseOfItsIndex()
    {
        var repository = _world.Server.Add("org/sharded")
            .With("config.json", "{}")
            .With(
                "model.safetensors.index.json",
                """{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}""")
            .With("model-00001-of-00002.safetensors", HubWorld.Bytes(100, 1))
            .With("model-00002-of-00002.safetensors", HubWorld.Bytes(100, 2))
            .With("model.fp16-00001-of-00002.safetensors", HubWorld.Bytes(100, 3))
            .With("consolidated.safetensors", HubWorld.Bytes(100, 4));

        var snapshot = _world.Get(repository.Id);

        Assert.Equal(
            ["config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
            snapshot.Files.Select(file => file.Path));
    }

    [Fact]
    public void Get_AModelWithoutAFileOfItsIndex_NamesIt()
    {
        _world.Server.Add("org/sharded").With("config.json", "{}")
            .With("model.safetensors.index.json", """{"weight_map": {"a": "model-00001-of-00001.safetensors"}}""");

        var error = Assert.Throws<FileFormatException>(() => _world.Get("org/sharded"));

        Assert.Contains("names 'model-00001-of-00001.safetensors'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_AModelOfPicklesAlone_IsRefusedByName()
    {
        _world.Server.Add("org/pickled").With("config.json", "{}").With("pytorch_model.bin", HubWorld.Bytes(10, 1));

        var error = Assert.Throws<ConfigException>(() => _world.Get("org/pickled"));

        Assert.Contains("as a pickle only (pytorch_model.bin)", error.Message, StringComparison.Ordinal);
        Assert.Empty(_world.Server.Downloads);
    }

    [Fact]
    public void Get_GgufFilesOfWhichNoneIsNamed_AsksForOne()
    {
        _world.Server.Add("org/gguf").With("small-q4.gguf", HubWorld.Bytes(10, 1)).With("small-q8.gguf", HubWorld.Bytes(10, 2));

        var error = Assert.Throws<ConfigException>(() => _world.Get("org/gguf"));

        Assert.Contains("hub:org/gguf/small-q4.gguf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_AGgufFile_TakesAllItsParts()
    {
        _world.Server.Add("org/gguf")
            .With("q8/small-00001-of-00002.gguf", HubWorld.Bytes(10, 1))
            .With("q8/small-00002-of-00002.gguf", HubWorld.Bytes(10, 2))
            .With("q4/small.gguf", HubWorld.Bytes(10, 3));

        var snapshot = _world.Get("org/gguf/q8/small-00001-of-00002.gguf");

        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(snapshot.Place)!).Length);
        Assert.Equal("small-00001-of-00002.gguf", Path.GetFileName(snapshot.Place));
        Assert.DoesNotContain(_world.Server.Downloads, request => request.Path.Contains("q4", StringComparison.Ordinal));
    }

    [Fact]
    public void Get_AGgufFileOfWhichAPartIsMissing_NamesThePart()
    {
        _world.Server.Add("org/gguf").With("small-00001-of-00002.gguf", HubWorld.Bytes(10, 1));

        var error = Assert.Throws<ConfigException>(() => _world.Get("org/gguf/small-00001-of-00002.gguf"));

        Assert.Contains("'small-00002-of-00002.gguf'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_APipeline_TakesThePartsOfItsIndexInOnePrecision()
    {
        _world.Server.Add("org/pipeline")
            .With("model_index.json", """{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"], "tokenizer": ["transformers", "CLIPTokenizer"], "safety_checker": [null, null]}""")
            .With("unet/config.json", "{}")
            .With("unet/diffusion_pytorch_model.safetensors", HubWorld.Bytes(10, 1))
            .With("unet/diffusion_pytorch_model.fp16.safetensors", HubWorld.Bytes(10, 2))
            .With("unet/diffusion_pytorch_model.bin", HubWorld.Bytes(10, 3))
            .With("tokenizer/vocab.json", "{}")
            .With("tokenizer/merges.txt", "")
            .With("safety_checker/model.safetensors", HubWorld.Bytes(10, 4))
            .With("v1-5-pruned.ckpt", HubWorld.Bytes(10, 5))
            .With("v1-5-pruned.safetensors", HubWorld.Bytes(10, 6));

        var snapshot = _world.Get("org/pipeline");

        Assert.Equal(
            ["model_index.json", "tokenizer/merges.txt", "tokenizer/vocab.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors"],
            snapshot.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.True(File.Exists(Path.Combine(snapshot.Place, "unet", "diffusion_pytorch_model.safetensors")));
    }

    [Theory]
    [InlineData("""{"unet": ["diffusers", "UNet2DConditionModel"]}""", "names the part 'unet'")]
    [InlineData("""{"vae": ["diffusers", "AutoencoderKL"]}""", "as a pickle only (vae/diffusion_pytorch_model.bin)")]
    public void Get_APipelineWithAPartThatCannotBeHad_NamesIt(string index, string expected)
    {
        _world.Server.Add("org/pipeline").With("model_index.json", index)
            .With("vae/config.json", "{}").With("vae/diffusion_pytorch_model.bin", HubWorld.Bytes(10, 1));

        var error = Assert.ThrowsAny<ResLoraException>(() => _world.Get("org/pipeline"));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_AnAdapter_NeedsNoModel()
    {
        _world.Server.Add("org/adapter").With("adapter_config.json", "{}").With("adapter_model.safetensors", HubWorld.Bytes(10, 1));

        var snapshot = _world.Get("org/adapter");

        Assert.Equal(["adapter_config.json", "adapter_model.safetensors"], snapshot.Files.Select(file => file.Path));
    }

    [Fact]
    public void Get_AFolderOfARepository_IsAModelOfItsOwn()
    {
        _world.Model.With("adapter/adapter_config.json", "{}").With("adapter/adapter_model.safetensors", HubWorld.Bytes(10, 1));

        var snapshot = _world.Get($"{HubWorld.ModelId}/adapter");

        Assert.Equal(["adapter/adapter_config.json", "adapter/adapter_model.safetensors"], snapshot.Files.Select(file => file.Path));
        Assert.Equal("adapter", Path.GetFileName(snapshot.Place));
    }

    [Fact]
    public void Get_ARepositoryWithoutAModel_NamesWhatItHas()
    {
        _world.Server.Add("org/other").With("notes.txt", "");

        var error = Assert.Throws<ConfigException>(() => _world.Get("org/other"));

        Assert.Contains("has no config.json", error.Message, StringComparison.Ordinal);
        Assert.Contains("notes.txt", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_ADataSetWithoutDataFiles_SaysSo()
    {
        _world.Server.Add("org/scripts", "datasets").With("load.py", "").With("dataset_infos.json", "{}");

        var error = Assert.Throws<ConfigException>(() => _world.Get(HubKind.Dataset, "org/scripts"));

        Assert.Contains("refs/convert/parquet", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _world.Dispose();
}
