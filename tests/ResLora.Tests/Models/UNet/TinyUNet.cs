using ResLora.Models;
using ResLora.Models.UNet;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.UNet;

/// <summary>A UNet small enough for any test: three levels, the last without transformers, as in Stable Diffusion.</summary>
internal static class TinyUNet
{
    public static UNetConfig Config { get; } = new()
    {
        SampleSize = new(8, 8),
        DownBlocks = ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
        UpBlocks = ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
        Channels = [8, 16, 16],
        Layers = PerBlock.Same(1),
        AttentionHeadDim = PerBlock.Same(2),
        TextWidth = PerBlock.Same(6),
        NormGroups = 4,
    };

    public static UNetModel Create(UNetConfig? config = null)
    {
        var model = new UNetModel(config ?? Config);
        ModelWeights.Initialize(model, 0.1, seed: 3, float32, CPU);
        foreach (var parameter in model.parameters())
        {
            parameter.requires_grad_(false);
        }

        model.eval();
        return model;
    }

    public static (Tensor Latents, Tensor Timesteps, Tensor Text) Inputs(long height = 8, long width = 8)
    {
        using var generator = new Generator(5, CPU);
        return (randn([2, 4, height, width], generator: generator), tensor([3L, 700L]), randn([2, 5, 6], generator: generator));
    }
}
