using System.Text.Json;
using ResLora.Models;
using ResLora.Models.Vae;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using static TorchSharp.torch;

namespace ResLora.Tests.Models.Vae;

/// <summary>Autoencoders of a few thousand weights, and pictures for them.</summary>
internal static class TinyVae
{
    /// <summary>Three levels, so that a latent stands for 4 x 4 pixels.</summary>
    public static VaeConfig Config { get; } = new()
    {
        LatentChannels = 4,
        Widths = [4, 8, 8],
        DownTypes = ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
        UpTypes = ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"],
        NormGroups = 2,
        ScalingFactor = 0.5,
    };

    /// <summary>A model in evaluation mode with frozen weights.</summary>
    public static VaeModel Create(VaeConfig? config = null)
    {
        var model = new VaeModel(config ?? Config);
        ModelWeights.Initialize(model, 0.3, seed: 3, float32, CPU);
        foreach (var parameter in model.parameters())
        {
            parameter.requires_grad_(false);
        }

        model.eval();
        return model;
    }

    /// <summary>Pictures [B, 3, Y, X].</summary>
    public static Tensor Pixels(long count = 2, long height = 8, long width = 12)
    {
        using var generator = new Generator(5, CPU);
        return randn([count, 3, height, width], generator: generator).tanh();
    }

    /// <summary>Latents [B, 4, Y, X].</summary>
    public static Tensor Latents(long count = 2, long height = 2, long width = 3)
    {
        using var generator = new Generator(6, CPU);
        return randn([count, 4, height, width], generator: generator);
    }

    /// <summary>Writes a model's folder, with its tensors under other names if need be.</summary>
    public static string Write(TemporaryFolder folder, VaeModel model, Func<string, string> rename)
    {
        using var scope = NewDisposeScope();
        var config = JsonSerializer.SerializeToNode(model.Config)!;
        config["_class_name"] = "AutoencoderKL";
        folder.Write("config.json", config.ToJsonString());
        SafetensorsWriter.Write(
            folder["diffusion_pytorch_model.safetensors"], model.named_parameters().ToDictionary(
                p => rename(p.name), p => (Tensor)p.parameter));
        return folder.Path;
    }
}
