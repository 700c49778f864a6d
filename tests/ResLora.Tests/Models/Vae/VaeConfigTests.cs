using ResLora.Formats.Errors;
using ResLora.Models.Vae;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Models.Vae;

public sealed class VaeConfigTests
{
    [Theory]
    [InlineData("goldens/diffusion/vae")]
    [InlineData("goldens/diffusion_files/sd1/vae")]
    [InlineData("goldens/diffusion_files/sd2/vae")]
    [InlineData("models/emoji-sd/vae")]
    public void Read_AsDiffusersWritesIt_HasNoProblems(string folder)
    {
        var config = VaeConfig.Read(Path.Combine(SharedFolder.PathOrSkip(folder), "config.json"));

        Assert.Empty(config.Problems());
    }

    [Theory]
    [InlineData("\"act_fn\": \"gelu\"", "act_fn \"gelu\"")]
    [InlineData("\"latents_mean\": [0.1]", "latents_mean")]
    [InlineData("\"latents_std\": [0.1]", "latents_std")]
    [InlineData("\"shift_factor\": 0.1159", "shift_factor 0.1159")]
    [InlineData("\"block_out_channels\": []", "block_out_channels has 0 levels")]
    [InlineData("\"block_out_channels\": [32, 64]", "down_block_types has 1 levels, and block_out_channels 2")]
    [InlineData("\"block_out_channels\": [48]", "block_out_channels 48 is no multiple of norm_num_groups 32")]
    [InlineData("\"block_out_channels\": [-64]", "block_out_channels is -64")]
    [InlineData("\"down_block_types\": [\"AttnDownEncoderBlock2D\"]", "AttnDownEncoderBlock2D")]
    [InlineData("\"up_block_types\": [\"AttnUpDecoderBlock2D\"]", "AttnUpDecoderBlock2D")]
    [InlineData("\"latent_channels\": 0", "latent_channels is 0")]
    [InlineData("\"layers_per_block\": 1000000", "layers_per_block is 1000000")]
    [InlineData("\"norm_num_groups\": 0", "norm_num_groups is 0")]
    [InlineData("\"scaling_factor\": 0", "scaling_factor is 0")]
    [InlineData("\"scaling_factor\": -1", "scaling_factor is -1")]
    [InlineData("\"something_new\": 1", "something_new")]
    public void Read_WhatTheNetworkCannotDo_IsRefusedByName(string entry, string named)
    {
        var exception = Assert.Throws<ConfigException>(() => Read(entry));

        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SeveralProblems_NamesAll()
    {
        var exception = Assert.Throws<ConfigException>(
            () => Read("\"act_fn\": \"gelu\", \"shift_factor\": 1, \"scaling_factor\": 0, \"layers_per_block\": 0"));

        Assert.All(
            ["act_fn", "shift_factor", "scaling_factor", "layers_per_block"], key => Assert.Contains(key, exception.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"block_out_channels\": 64")]
    [InlineData("\"block_out_channels\": [\"wide\"]")]
    [InlineData("\"scaling_factor\": \"0.1\"")]
    [InlineData("\"use_quant_conv\": null")]
    public void Read_BrokenFormat_IsSaid(string entry)
    {
        Assert.Throws<FileFormatException>(() => Read(entry));
    }

    private static VaeConfig Read(string entry)
    {
        using var folder = new TemporaryFolder();
        folder.Write("config.json", $$"""{ "_class_name": "AutoencoderKL", {{entry}} }""");
        return VaeConfig.Read(folder["config.json"]);
    }
}
