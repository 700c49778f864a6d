using System.Text.Json;
using ResLora.Models.Diffusion.SingleFile;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Models.Diffusion.SingleFile;

public sealed class SingleFileLayoutTests
{
    private static readonly SingleFileLayout _layout = new(unetLayers: 2, autoencoderLevels: 4, textLayers: 23);

    /// <summary>The original key, the part, diffusers' key and what is done to it, of every tensor of two pipelines.</summary>
    [Theory]
    [InlineData("sd1", 492)]
    [InlineData("sd2", 820)]
    public void Find_EveryKeyOfAPipeline_IsWhereDiffusersHasIt(string pipeline, int count)
    {
        using var keys = JsonDocument.Parse(File.ReadAllText(SharedFolder.PathOrSkip("goldens/diffusion_files/single_file/keys.json")));
        var rows = keys.RootElement.GetProperty(pipeline).EnumerateArray()
            .Select(row => row.EnumerateArray().Select(cell => cell.GetString()!).ToArray())
            .ToArray();
        // In transformers 5 the text encoder's names lack their first part.
        var places = rows.ToLookup(
            row => row[0], row => (row[1], (row[1] == "text_encoder" ? "text_model." : "") + row[2], PartOf(row[3])));
        var layout = SingleFileLayout.Of(Names("unet"), Names("vae"), Names("text_encoder"));

        foreach (var original in places)
        {
            var found = layout.Find(original.Key);

            Assert.NotNull(found);
            Assert.Equal(original.Order(), found.Select(target => (target.Component, target.Name, target.Part)).Order());
        }

        Assert.Equal(count, rows.Length);

        IEnumerable<string> Names(string component) =>
            places.SelectMany(one => one).Where(one => one.Item1 == component).Select(one => one.Item2);
    }

    [Theory]
    [InlineData("model.diffusion_model.input_blocks.0.0.weight", "unet", "conv_in.weight")]
    [InlineData("model.diffusion_model.input_blocks.3.0.op.bias", "unet", "down_blocks.0.downsamplers.0.conv.bias")]
    [InlineData("model.diffusion_model.input_blocks.5.1.norm.bias", "unet", "down_blocks.1.attentions.1.norm.bias")]
    [InlineData("model.diffusion_model.middle_block.2.in_layers.2.weight", "unet", "mid_block.resnets.1.conv1.weight")]
    [InlineData("model.diffusion_model.output_blocks.2.1.conv.weight", "unet", "up_blocks.0.upsamplers.0.conv.weight")]
    [InlineData("model.diffusion_model.output_blocks.5.2.conv.weight", "unet", "up_blocks.1.upsamplers.0.conv.weight")]
    [InlineData("model.diffusion_model.output_blocks.5.1.proj_in.weight", "unet", "up_blocks.1.attentions.2.proj_in.weight")]
    [InlineData("first_stage_model.decoder.up.3.block.0.nin_shortcut.weight", "vae", "decoder.up_blocks.0.resnets.0.conv_shortcut.weight")]
    [InlineData("first_stage_model.encoder.mid.attn_1.proj_out.bias", "vae", "encoder.mid_block.attentions.0.to_out.0.bias")]
    [InlineData("cond_stage_model.transformer.text_model.final_layer_norm.bias", "text_encoder", "text_model.final_layer_norm.bias")]
    [InlineData("cond_stage_model.transformer.final_layer_norm.bias", "text_encoder", "text_model.final_layer_norm.bias")]
    [InlineData("cond_stage_model.model.transformer.resblocks.22.mlp.c_proj.bias", "text_encoder", "text_model.encoder.layers.22.mlp.fc2.bias")]
    public void Find_ATensor_IsDiffusersName(string original, string component, string name)
    {
        var only = Assert.Single(_layout.Find(original)!);

        Assert.Equal(new OriginalTarget(component, name), only);
    }

    [Fact]
    public void Find_QueriesKeysAndValuesInOne_AreAThirdOfTheRowsEach()
    {
        var found = _layout.Find("cond_stage_model.model.transformer.resblocks.3.attn.in_proj_bias")!;

        const string Layer = "text_model.encoder.layers.3.self_attn.";
        Assert.Equal(
            [
                new("text_encoder", Layer + "q_proj.bias", SourcePart.FirstThird),
                new("text_encoder", Layer + "k_proj.bias", SourcePart.SecondThird),
                new OriginalTarget("text_encoder", Layer + "v_proj.bias", SourcePart.LastThird),
            ],
            found);
    }

    [Theory]
    [InlineData("betas")]
    [InlineData("alphas_cumprod")]
    [InlineData("model_ema.decay")]
    [InlineData("first_stage_model.loss.discriminator.main.0.weight")]
    [InlineData("cond_stage_model.transformer.text_model.embeddings.position_ids")]
    [InlineData("cond_stage_model.model.transformer.resblocks.23.ln_1.weight")]
    [InlineData("cond_stage_model.model.transformer.resblocks.23.attn.in_proj_weight")]
    [InlineData("cond_stage_model.model.text_projection")]
    [InlineData("cond_stage_model.model.logit_scale")]
    public void Find_WhatIsNotNeeded_IsLeftOut(string original) => Assert.Empty(_layout.Find(original)!);

    [Theory]
    [InlineData("")]
    [InlineData("betas2")]
    [InlineData("model.diffusion_model.")]
    [InlineData("model.diffusion_model.label_emb.0.0.weight")]
    [InlineData("model.diffusion_model.input_blocks.-1.0.in_layers.0.weight")]
    [InlineData("model.diffusion_model.input_blocks.99999999999.0.in_layers.0.weight")]
    [InlineData("model.diffusion_model.input_blocks.1.0.extra_layers.0.weight")]
    [InlineData("first_stage_model.decoder.up.4.block.0.norm1.weight")]
    [InlineData("first_stage_model.encoder.extra.weight")]
    [InlineData("cond_stage_model.model.visual.proj")]
    [InlineData("cond_stage_model.model.transformer.resblocks.24.ln_1.weight")]
    [InlineData("cond_stage_model.model.transformer.resblocks.1.ln_3.weight")]
    [InlineData("cond_stage_model.model.transformer.resblocks.x.ln_1.weight")]
    [InlineData("cond_stage_model.other.weight")]
    public void Find_WhatNoRuleKnows_IsNull(string original) => Assert.Null(_layout.Find(original));

    [Theory]
    [InlineData("model.diffusion_model.out.2.bias", "model_ema.diffusion_modelout2bias")]
    [InlineData("first_stage_model.quant_conv.bias", null)]
    public void Averaged_OfATensor_LacksTheDots(string original, string? averaged) =>
        Assert.Equal(averaged, SingleFileLayout.Averaged(original));

    private static SourcePart PartOf(string operation) => operation switch
    {
        "first third of the rows" => SourcePart.FirstThird,
        "second third of the rows" => SourcePart.SecondThird,
        "third third of the rows" => SourcePart.LastThird,
        "copy" or "squeeze the last two dimensions" => SourcePart.Whole,
        _ => throw new InvalidOperationException(operation),
    };
}
