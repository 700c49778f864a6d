using ResLora.Models;
using ResLora.Models.Diffusion.SingleFile;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Models.Diffusion.SingleFile;

public sealed class OriginalLayersTests
{
    [Theory]
    [InlineData("sd1", 2)]
    [InlineData("sd2", 1)]
    public void OriginalName_OfEveryLayer_LeadsBackToIt(string name, int layersPerBlock)
    {
        var folder = SharedFolder.PathOrSkip($"goldens/diffusion_files/{name}/unet");
        using var model = (Denoiser)ModelRegistry.Build(folder);

        var back = model.ExecutionOrder.Select(layer => OriginalNames.Unet(model.OriginalName(layer) + ".weight", layersPerBlock));

        Assert.Equal(model.ExecutionOrder.Select(layer => layer + ".weight"), back);
    }

    [Theory]
    [InlineData("down_blocks.1.resnets.0.conv_shortcut", "input_blocks.4.0.skip_connection")]
    [InlineData("down_blocks.0.downsamplers.0.conv", "input_blocks.3.0.op")]
    [InlineData("up_blocks.0.upsamplers.0.conv", "output_blocks.2.1.conv")]
    [InlineData("up_blocks.1.upsamplers.0.conv", "output_blocks.5.2.conv")]
    [InlineData("mid_block.resnets.1.conv2", "middle_block.2.out_layers.3")]
    [InlineData("mid_block.resnets.2.conv2", null)]
    [InlineData("somewhere.else", null)]
    public void Of_LayersOfStableDiffusion1_AreCounted(string layer, string? original)
    {
        var layers = new OriginalLayers(2, block => block > 0);

        Assert.Equal(original, layers.Of(layer));
    }
}
