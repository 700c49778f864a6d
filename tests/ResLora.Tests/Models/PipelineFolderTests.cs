using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models;

public sealed class PipelineFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _source;
    private readonly TextToImageModel _model;

    public PipelineFolderTests()
    {
        _source = TinyPipeline.Write(_folder["source"]);
        _model = (TextToImageModel)ModelRegistry.Load(_source);
    }

    private string Output => _folder["output"];

    [Fact]
    public void Write_AChangedPipeline_LoadsAgainWithEqualOutputs()
    {
        using (no_grad())
        {
            foreach (var parameter in _model.parameters())
            {
                using var changed = parameter * 1.5;
                parameter.set_(changed);
            }
        }

        ModelFolder.Write(_model, _source, Output);
        using var read = (TextToImageModel)ModelRegistry.Load(Output);

        AssertSame(Say(_model), Say(read));
        using var before = (TextToImageModel)ModelRegistry.Load(_source);
        Assert.NotEqual(Say(before), Say(read));
    }

    [Fact]
    public void Write_APipeline_TakesTheRestOverByteByByte()
    {
        ModelFolder.Write(_model, _source, Output);

        var files = Files(_source);
        Assert.Equal(files, Files(Output));
        Assert.All(
            files.Where(
                file => !(file.EndsWith(".safetensors", StringComparison.Ordinal) && !file.StartsWith("vae", StringComparison.Ordinal))),
            file => Assert.Equal(File.ReadAllBytes(Path.Combine(_source, file)), File.ReadAllBytes(Path.Combine(Output, file))));
    }

    /// <summary>The index names it, and so diffusers reads it.</summary>
    [Fact]
    public void Write_APipelineWithASafetyChecker_TakesItsWeightsOver()
    {
        TinyPipeline.WriteText(_source, "safety_checker/config.json", "{}");
        TinyPipeline.WriteText(_source, "safety_checker/model.safetensors", "weights");
        TinyPipeline.WriteText(_source, "safety_checker/pytorch_model.bin", "the same again");
        TinyPipeline.WriteText(_source, "safety_checker/model.fp16.safetensors", "the same in 16 bits");

        ModelFolder.Write(_model, _source, Output);

        Assert.Equal(
            ["safety_checker/config.json", "safety_checker/model.safetensors"],
            Files(Output).Where(file => file.StartsWith("safety_checker", StringComparison.Ordinal)));
    }

    [Fact]
    public void Write_APipelineWithAnOlderSafetyChecker_TakesItsOnlyFileOver()
    {
        TinyPipeline.WriteText(_source, "safety_checker/pytorch_model.bin", "weights");

        ModelFolder.Write(_model, _source, Output);

        Assert.True(File.Exists(Path.Combine(Output, "safety_checker/pytorch_model.bin")));
    }

    [Fact]
    public void Write_OtherWeightsInTheSource_StayBehind()
    {
        string[] others =
        [
            "v1-5-pruned.ckpt", "v1-5-pruned.safetensors", "README.md", ".gitattributes", "unet/diffusion_pytorch_model.bin",
            "unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.non_ema.safetensors", "text_encoder/pytorch_model.bin",
            "vae/diffusion_pytorch_model.fp16.safetensors", "vae/diffusion_pytorch_model.bin", "unet/.hidden",
        ];
        foreach (var file in others)
        {
            TinyPipeline.WriteText(_source, file, "other");
        }

        ModelFolder.Write(_model, _source, Output);

        Assert.Empty(Files(Output).Intersect(others));
    }

    [Fact]
    public void Write_InSixteenBits_IsSoInTheFilesAndNotForTheAutoencoder()
    {
        ModelFolder.Write(_model, _source, Output, ScalarType.BFloat16);

        Assert.All(CheckpointReader.ReadHeader(Output).Entries.Values, entry => Assert.Equal(ScalarType.BFloat16, entry.DataType));
        using var vae = ModelRegistry.Load(Path.Combine(Output, "vae"));
        Assert.Equal(ScalarType.Float32, vae.DataType);
    }

    [Fact]
    public void Load_WithoutAType_ComputesInFloat32WhatIsStoredInSixteenBits()
    {
        ModelFolder.Write(_model, _source, Output, ScalarType.Float16);

        using var read = ModelRegistry.Load(Output);
        using var narrow = ModelRegistry.Load(Output, ScalarType.BFloat16);
        Assert.Equal((ScalarType.Float32, ScalarType.BFloat16), (read.DataType, narrow.DataType));
    }

    [Fact]
    public void Write_InShards_LoadsAgain()
    {
        ModelFolder.Write(_model, _source, Output, maxShardBytes: 20_000);

        using var read = (TextToImageModel)ModelRegistry.Load(Output);
        AssertSame(Say(_model), Say(read));
        Assert.Contains("unet/diffusion_pytorch_model.safetensors.index.json", Files(Output));
        Assert.Contains("text_encoder/model.safetensors.index.json", Files(Output));
    }

    [Fact]
    public void Write_OverAFolderOfTheUsers_LeavesIt()
    {
        TinyPipeline.WriteText(Output, "mine.txt", "mine");

        Assert.Throws<ConfigException>(() => ModelFolder.Write(_model, _source, Output));
        Assert.Throws<ConfigException>(() => ModelFolder.Write(_model, _source, Output, overwrite: true));

        Assert.Equal(["mine.txt"], Files(Output));
        Assert.Equal(["output", "source"], _folder.Names());
    }

    [Fact]
    public void Write_OverItsOwn_ReplacesItWhole()
    {
        TinyPipeline.WriteText(_source, "LICENSE", "words");
        ModelFolder.Write(_model, _source, Output);
        File.Delete(Path.Combine(_source, "LICENSE"));

        Assert.Throws<ConfigException>(() => ModelFolder.Write(_model, _source, Output));
        ModelFolder.Write(_model, _source, Output, overwrite: true);

        Assert.DoesNotContain("LICENSE", Files(Output));
    }

    [Fact]
    public void Write_OverTheSource_IsRefused()
    {
        Assert.Throws<ConfigException>(() => ModelFolder.Write(_model, _source, _source, overwrite: true));
    }

    [Fact]
    public void Write_AFileOfTheSourceFails_LeavesNothing()
    {
        File.CreateSymbolicLink(Path.Combine(_source, "tokenizer", "added_tokens.json"), _folder["nowhere"]);

        Assert.ThrowsAny<ResLoraException>(() => ModelFolder.Write(_model, _source, Output));

        Assert.Equal(["source"], _folder.Names());
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    /// <summary>But for rounding: tensors that lie elsewhere in memory may be added up in another order.</summary>
    private static void AssertSame(float[] expected, float[] actual) =>
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second, pair.First - 1e-5f, pair.First + 1e-5f));

    private static float[] Say(TextToImageModel model)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var text = model.Encode(tensor(new long[,] { { 512, 3, 7, 513, 513, 513, 513, 513 } }));
        return model.Denoise(ones(1, 4, 8, 8), tensor([7L]), text).data<float>().ToArray();
    }

    private static string[] Files(string folder) =>
    [
        .. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file))
            .Where(file => !Path.GetFileName(file).StartsWith(".reslora", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
    ];
}
