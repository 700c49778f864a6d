using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.UNet;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Models.StableDiffusion;

public sealed class StableDiffusionFamilyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _pipeline;

    public StableDiffusionFamilyTests() => _pipeline = TinyPipeline.Write(_folder["sd"]);

    [Fact]
    public void Load_APipeline_IsATextEncoderAndAUNetWithTheirWeights()
    {
        using var model = Assert.IsAssignableFrom<TextToImageModel>(ModelRegistry.Load(_pipeline));
        using var text = TinyClip.Create(TinyPipeline.Text);

        var (name, wanted) = text.named_parameters().Last();
        var read = model.named_parameters().Single(p => p.name == $"text_encoder.{name}").parameter;
        Assert.True(read.equal(wanted).all().item<bool>());
        Assert.All(model.parameters(), parameter => Assert.False(parameter.requires_grad));
        Assert.False(model.training);
    }

    [Fact]
    public void Build_APipeline_ReadsNoWeight()
    {
        foreach (var file in Directory.GetFiles(_pipeline, "*.safetensors", SearchOption.AllDirectories))
        {
            File.Delete(file);
        }

        using var model = ModelRegistry.Build(_pipeline);

        Assert.All(model.parameters(), parameter => Assert.Equal(DeviceType.META, parameter.device_type));
    }

    [Theory]
    [InlineData("StableDiffusionXLPipeline")]
    [InlineData("StableDiffusionInpaintPipeline")]
    [InlineData("FluxPipeline")]
    public void Build_AnotherPipeline_IsRefusedByItsClass(string name)
    {
        TinyPipeline.Change(_pipeline, PipelineParts.IndexName, "StableDiffusionPipeline", name);

        Assert.Contains($"'{name}' is not supported", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Build_PartsThatAreMissingOrOthers_AreAllNamed()
    {
        TinyPipeline.WriteText(
            _pipeline, PipelineParts.IndexName,
            """
            {"_class_name":"StableDiffusionPipeline","unet":["diffusers","FluxTransformer2DModel"],"text_encoder":[null,null],
             "tokenizer":["transformers","CLIPTokenizerFast"],"scheduler":["diffusers","DDIMScheduler"],"image_encoder":["transformers","CLIPVision"],
             "safety_checker":["stable_diffusion","StableDiffusionSafetyChecker"],"controlnet":[null,null]}
            """);

        var message = Refusal();

        Assert.Contains("'unet' is a FluxTransformer2DModel; supported: UNet2DConditionModel", message, StringComparison.Ordinal);
        Assert.Contains("there is no 'text_encoder'", message, StringComparison.Ordinal);
        Assert.Contains("there is no 'vae'", message, StringComparison.Ordinal);
        Assert.Contains("the part 'image_encoder' is not supported", message, StringComparison.Ordinal);
        Assert.DoesNotContain("safety_checker", message, StringComparison.Ordinal);
        Assert.DoesNotContain("controlnet", message, StringComparison.Ordinal);
        Assert.DoesNotContain("tokenizer", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"_class_name\":7}")]
    [InlineData("no json")]
    public void Build_AnIndexThatIsNone_IsRefused(string content)
    {
        TinyPipeline.WriteText(_pipeline, PipelineParts.IndexName, content);

        Assert.Contains(PipelineParts.IndexName, Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unet")]
    [InlineData("text_encoder")]
    public void Build_WithoutThePartsFolder_IsRefusedByName(string part)
    {
        Directory.Delete(Path.Combine(_pipeline, part), recursive: true);

        Assert.Contains(Path.Combine(_pipeline, part), Refusal(), StringComparison.Ordinal);
    }

    /// <summary>The index promises one kind of network, the part's own configuration says another.</summary>
    [Theory]
    [InlineData("unet", "vae")]
    [InlineData("text_encoder", "unet")]
    public void Build_AFolderOfAnotherPart_IsRefusedByName(string part, string taken)
    {
        File.Copy(Path.Combine(_pipeline, taken, "config.json"), Path.Combine(_pipeline, part, "config.json"), overwrite: true);

        Assert.Contains(Path.Combine(_pipeline, part), Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Build_WidthsOfTwoPipelines_NamesBoth()
    {
        var other = TinyPipeline.Write(_folder["other"], TinyPipeline.UNet with { TextWidth = PerBlock.Same(6) });

        var error = Assert.ThrowsAny<ResLoraException>(() => ModelRegistry.Build(other));

        Assert.Contains("the text encoder gives 8 numbers a token", error.Message, StringComparison.Ordinal);
        Assert.Contains("takes 6 (cross_attention_dim)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_Refused_LeavesNoMoreTensorsThanABuild()
    {
        var other = TinyPipeline.Write(_folder["other"], TinyPipeline.UNet with { TextWidth = PerBlock.Same(6) });

        var built = LiveTensors.Growth(() => ModelRegistry.Build(_pipeline).Dispose());
        var growth = LiveTensors.Growth(() => Assert.ThrowsAny<ResLoraException>(() => ModelRegistry.Build(other)));

        Assert.InRange(growth, 0, built);   // disposing a network leaves some handles to the finalizer
    }

    [Fact]
    public void Build_WithAHead_IsRefused()
    {
        var error = Assert.Throws<ConfigException>(() => ModelRegistry.Build(_pipeline, ModelHead.OfOutputs(2)));

        Assert.Contains("has no head for labels", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadText_APipeline_IsRefused()
    {
        Assert.Contains(
            "reads no text", Assert.Throws<ConfigException>(() => ModelRegistry.LoadText(_pipeline)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string Refusal() => Assert.ThrowsAny<ResLoraException>(() => ModelRegistry.Build(_pipeline).Dispose()).Message;
}
