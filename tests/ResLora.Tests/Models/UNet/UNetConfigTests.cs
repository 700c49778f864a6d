using ResLora.Formats.Errors;
using ResLora.Models.UNet;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Models.UNet;

public sealed class UNetConfigTests
{
    [Theory]
    [InlineData("goldens/diffusion_files/sd1/unet")]
    [InlineData("goldens/diffusion_files/sd2/unet")]
    [InlineData("models/emoji-sd/unet")]
    public void Read_AsDiffusersWritesIt_HasNoProblems(string folder)
    {
        var config = UNetConfig.Read(Path.Combine(SharedFolder.PathOrSkip(folder), "config.json"));

        Assert.Empty(config.Problems());
    }

    [Theory]
    [InlineData("\"act_fn\": \"mish\"", "act_fn")]
    [InlineData("\"dropout\": 0.1", "dropout")]
    [InlineData("\"class_embed_type\": \"timestep\"", "class_embed_type")]
    [InlineData("\"only_cross_attention\": [false, true]", "only_cross_attention")]
    [InlineData("\"resnet_time_scale_shift\": \"scale_shift\"", "resnet_time_scale_shift")]
    [InlineData("\"mid_block_type\": null", "mid_block_type")]
    [InlineData("\"time_cond_proj_dim\": 256", "time_cond_proj_dim")]
    [InlineData("\"addition_embed_type\": \"text_time\"", "Stable Diffusion XL")]
    [InlineData("\"attention_head_dim\": [5, 10]", "attention_head_dim has 2 numbers for 4 blocks")]
    [InlineData("\"num_attention_heads\": 7", "the number of heads (7)")]
    [InlineData("\"norm_num_groups\": 48", "norm_num_groups (48)")]
    [InlineData("\"block_out_channels\": [320, 640]", "block_out_channels")]
    [InlineData("\"down_block_types\": [\"ResnetDownsampleBlock2D\", \"DownBlock2D\", \"DownBlock2D\", \"DownBlock2D\"]", "ResnetDownsampleBlock2D")]
    [InlineData("\"layers_per_block\": 1000000", "layers_per_block")]
    [InlineData("\"something_new\": 1", "something_new")]
    public void Read_WhatTheNetworkCannotDo_IsRefusedByName(string entry, string named)
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", $$"""{ "_class_name": "UNet2DConditionModel", {{entry}} }""");

        var exception = Assert.Throws<ConfigException>(() => UNetConfig.Read(folder["config.json"]));

        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SeveralProblems_NamesAll()
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", """{ "_class_name": "UNet2DConditionModel", "dropout": 0.5, "dual_cross_attention": true, "act_fn": "gelu" }""");

        var exception = Assert.Throws<ConfigException>(() => UNetConfig.Read(folder["config.json"]));

        Assert.All(["dropout", "dual_cross_attention", "act_fn"], key => Assert.Contains(key, exception.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"layers_per_block\": []")]
    [InlineData("\"layers_per_block\": \"two\"")]
    [InlineData("\"transformer_layers_per_block\": [[1, 2]]")]
    public void Read_BrokenFormat_IsSaid(string entry)
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", $$"""{ "_class_name": "UNet2DConditionModel", {{entry}} }""");

        Assert.Throws<FileFormatException>(() => UNetConfig.Read(folder["config.json"]));
    }
}
