using ResLora.Formats.Errors;
using ResLora.Models.Diffusion.SingleFile;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Diffusion.SingleFile;

public sealed class SingleFilePlanTests
{
    private const string UNet = "model.diffusion_model.out.2.bias";
    private const string Averaged = "model_ema.diffusion_modelout2bias";
    private const string Attention = "first_stage_model.encoder.mid.attn_1.q.weight";
    private const string Joined = "cond_stage_model.model.transformer.resblocks.0.attn.in_proj_weight";

    private static readonly Dictionary<string, IReadOnlyDictionary<string, long[]>> _networks = new()
    {
        ["unet"] = new Dictionary<string, long[]> { ["conv_out.bias"] = [4] },
        ["vae"] = new Dictionary<string, long[]> { ["encoder.mid_block.attentions.0.to_q.weight"] = [8, 8] },
        ["text_encoder"] = new[] { "q", "k", "v" }.ToDictionary(p => $"text_model.encoder.layers.0.self_attn.{p}_proj.weight", _ => new long[] { 6, 5 }),
    };

    [Fact]
    public void Of_AWholeFile_HasEveryTensorOnce()
    {
        var plan = SingleFilePlan.Of(Whole().Add("betas", 1000).Add(Averaged, 4), _networks, averaged: false);

        Assert.Equal(
            [
                "text_encoder.text_model.encoder.layers.0.self_attn.k_proj.weight SecondThird of " + Joined,
                "text_encoder.text_model.encoder.layers.0.self_attn.q_proj.weight FirstThird of " + Joined,
                "text_encoder.text_model.encoder.layers.0.self_attn.v_proj.weight LastThird of " + Joined,
                "unet.conv_out.bias Whole of " + UNet,
                "vae.encoder.mid_block.attentions.0.to_q.weight Whole of " + Attention,
            ],
            plan.Tensors.Select(t => $"{t.Target.Component}.{t.Target.Name} {t.Target.Part} of {t.Source}").Order(StringComparer.Ordinal));
        Assert.Equal(["betas", Averaged], plan.LeftOut.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Of_AveragedWeights_TakesThemForTheUNetAlone()
    {
        var plan = SingleFilePlan.Of(Whole().Add(Averaged, 4), _networks, averaged: true);

        Assert.Equal([Averaged], plan.Tensors.Where(t => t.Target.Component == "unet").Select(t => t.Source));
        Assert.Contains(plan.Tensors, t => t.Source == Attention);
    }

    [Fact]
    public void Of_NoAveragedWeights_SaysSo()
    {
        var error = Assert.Throws<ConfigException>(() => SingleFilePlan.Of(Whole(), _networks, averaged: true));

        Assert.Contains("without --averaged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_AnAverageOfOtherTensorsOnly_NamesWhatIsMissing()
    {
        var error = Assert.Throws<FileFormatException>(() => SingleFilePlan.Of(Whole().Add("model_ema.decay"), _networks, averaged: true));

        Assert.Contains($"'{Averaged}' is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ManyProblems_NamesThemAtOnce()
    {
        var file = Whole().Add(UNet, 5).Add(Attention, 8, 8, 3, 3).Add(Joined, 6, 5).Add("something.weight", 1).Add(
            "model.diffusion_model.out.0.bias", 4);

        var message = Assert.Throws<FileFormatException>(() => SingleFilePlan.Of(file, _networks, averaged: false)).Message;

        Assert.Contains($"'{UNet}' is [5], the configuration says [4] (unet.conv_out.bias)", message, StringComparison.Ordinal);
        Assert.Contains($"'{Attention}' is [8, 8, 3, 3], the configuration says [8, 8]", message, StringComparison.Ordinal);
        Assert.Contains($"'{Joined}' is [6, 5], the configuration says [18, 5]", message, StringComparison.Ordinal);
        Assert.Contains("'something.weight' is no tensor of Stable Diffusion", message, StringComparison.Ordinal);
        Assert.Contains(
            "would be 'unet.conv_norm_out.bias', which the configuration's network does not have", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ATensorThatIsNotThere_IsNamedAndWhatStandsInItsPlaceToo()
    {
        var file = new MemoryTensorFile().Add(UNet, 4).Add(Joined, 18, 5);
        file.Others[Attention] = "made by os.system, which is not called";

        var message = Assert.Throws<FileFormatException>(() => SingleFilePlan.Of(file, _networks, averaged: false)).Message;

        Assert.Contains(
            $"'{Attention}' is no tensor that can be read (made by os.system, which is not called)", message, StringComparison.Ordinal);
        Assert.Contains("there is no tensor for 'vae.encoder.mid_block.attentions.0.to_q.weight'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_WholeNumbersAsWeights_AreRefused()
    {
        var file = Whole().Add(UNet, ScalarType.Int64, 4);

        var error = Assert.Throws<FileFormatException>(() => SingleFilePlan.Of(file, _networks, averaged: false));

        Assert.Contains($"'{UNet}' holds Int64 numbers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_TwoTensorsForOnePlace_AreBothNamed()
    {
        var twice = "cond_stage_model.transformer.text_model.encoder.layers.0.self_attn.q_proj.weight";

        var error = Assert.Throws<FileFormatException>(() => SingleFilePlan.Of(Whole().Add(twice, 6, 5), _networks, averaged: false));

        Assert.Contains($"'{twice}' and '{Joined}' both would be", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("conditioner.embedders.0.transformer.text_model.final_layer_norm.bias", "Stable Diffusion XL")]
    [InlineData("control_model.input_hint_block.0.weight", "ControlNet")]
    [InlineData("model.diffusion_model.joint_blocks.0.x_block.attn.proj.bias", "Stable Diffusion 3")]
    [InlineData("model.diffusion_model.double_blocks.0.img_attn.proj.bias", "Flux")]
    public void Of_AnotherModelsFile_SaysWhoseItIs(string tensor, string model)
    {
        var error = Assert.Throws<FileFormatException>(() => SingleFilePlan.Of(Whole().Add(tensor, 1), _networks, averaged: false));

        Assert.Contains(model, error.Message, StringComparison.Ordinal);
        Assert.Contains(tensor, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_AFileWithoutAUNet_IsNoCheckpoint()
    {
        var file = new MemoryTensorFile().Add("lora_unet_mid_block_attentions_0_proj_in.alpha");

        var error = Assert.Throws<FileFormatException>(() => SingleFilePlan.Of(file, _networks, averaged: false));

        Assert.Contains("no tensor's name begins with 'model.diffusion_model.'", error.Message, StringComparison.Ordinal);
    }

    private static MemoryTensorFile Whole() => new MemoryTensorFile().Add(UNet, 4).Add(Attention, 8, 8, 1, 1).Add(Joined, 18, 5);
}
