using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Models;
using ResLora.Models.Clip;
using ResLora.Models.UNet;
using ResLora.Models.Vae;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Models.UNet;
using static TorchSharp.torch;

namespace ResLora.Tests.Models;

/// <summary>
/// Pipelines of Stable Diffusion with some ten thousand weights: pictures of 16 x 16 pixels, latents of 8 x 8, prompts of eight tokens.
/// </summary>
internal static class TinyPipeline
{
    /// <summary>Height and width of pictures.</summary>
    public const int Side = 16;

    /// <summary>How many tokens a prompt has.</summary>
    public const int Tokens = 8;

    /// <summary>The index, as diffusers writes it.</summary>
    public const string Index = """
        {"_class_name":"StableDiffusionPipeline","_diffusers_version":"0.30.0","feature_extractor":[null,null],"requires_safety_checker":false,
         "safety_checker":[null,null],"scheduler":["diffusers","DDIMScheduler"],"text_encoder":["transformers","CLIPTextModel"],
         "tokenizer":["transformers","CLIPTokenizer"],"unet":["diffusers","UNet2DConditionModel"],"vae":["diffusers","AutoencoderKL"]}
        """;

    /// <summary>The scheduler's configuration.</summary>
    public const string Scheduler = """
        {"_class_name":"DDIMScheduler","beta_start":0.00085,"beta_end":0.012,"beta_schedule":"scaled_linear","num_train_timesteps":1000,
         "prediction_type":"epsilon","clip_sample":false,"set_alpha_to_one":false,"steps_offset":1,"timestep_spacing":"leading"}
        """;

    // The order of the alphabet of bytes: printable characters first, so that a is 64; with the end of a word 256 more.
    private static readonly string[] _tokens =
        [.. Alphabet(), .. Alphabet().Select(sign => sign + "</w>"), "<|startoftext|>", "<|endoftext|>"];

    /// <summary>The text encoder.</summary>
    public static ClipTextConfig Text { get; } =
        TinyClip.Config with { VocabularySize = _tokens.Length, PositionRows = Tokens, EndId = _tokens.Length - 1 };

    /// <summary>The UNet.</summary>
    public static UNetConfig UNet { get; } = TinyUNet.Config with { TextWidth = PerBlock.Same(8) };

    /// <summary>The autoencoder: a latent stands for 2 x 2 pixels.</summary>
    public static VaeConfig Vae { get; } = new()
    {
        Widths = [4, 8],
        DownTypes = ["DownEncoderBlock2D", "DownEncoderBlock2D"],
        UpTypes = ["UpDecoderBlock2D", "UpDecoderBlock2D"],
        NormGroups = 2,
        ScalingFactor = 0.5,
    };

    /// <summary>Writes a pipeline.</summary>
    /// <param name="folder">A new folder.</param>
    /// <param name="unet">The UNet; null for the usual one.</param>
    /// <param name="vae">The autoencoder; null for the usual one.</param>
    /// <returns>The folder.</returns>
    public static string Write(string folder, UNetConfig? unet = null, VaeConfig? vae = null)
    {
        WriteText(folder, PipelineParts.IndexName, Index);
        WriteText(folder, "scheduler/scheduler_config.json", Scheduler);
        WriteText(
            folder,
            "tokenizer/vocab.json",
            new JsonObject(_tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))).ToJsonString());
        WriteText(folder, "tokenizer/merges.txt", "#version: 0.2\n");
        WriteText(
            folder, "tokenizer/tokenizer_config.json",
            $$"""
            {"tokenizer_class":"CLIPTokenizer","model_max_length":{{Tokens}},"pad_token":"<|endoftext|>","bos_token":"<|startoftext|>",
             "eos_token":"<|endoftext|>","unk_token":"<|endoftext|>"}
            """);
        using var encoder = TinyClip.Create(TinyPipeline.Text);
        Part(folder, PipelineParts.TextEncoder, "", encoder, JsonSerializer.Serialize(encoder.Config));
        using var denoiser = TinyUNet.Create(unet ?? UNet);
        Part(folder, PipelineParts.UNet, PipelineParts.WeightsPrefix, denoiser, Classed(unet ?? UNet, "UNet2DConditionModel"));
        using var autoencoder = CreateVae(vae);
        Part(folder, PipelineParts.Autoencoder, PipelineParts.WeightsPrefix, autoencoder, Classed(vae ?? Vae, "AutoencoderKL"));
        return folder;
    }

    /// <summary>An autoencoder in evaluation mode with frozen weights.</summary>
    /// <param name="config">What it is; null for the usual one.</param>
    public static VaeModel CreateVae(VaeConfig? config = null)
    {
        var vae = new VaeModel(config ?? Vae);
        ModelWeights.Initialize(vae, 0.2, seed: 7, ScalarType.Float32, CPU);
        foreach (var parameter in vae.parameters())
        {
            parameter.requires_grad_(false);
        }

        vae.eval();
        return vae;
    }

    /// <summary>Writes a text file of a pipeline.</summary>
    public static void WriteText(string folder, string name, string content)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }

    /// <summary>Changes a text file of a pipeline; fails where there is nothing to change.</summary>
    public static void Change(string folder, string name, string from, string to)
    {
        var path = Path.Combine(folder, name);
        var before = File.ReadAllText(path);
        Xunit.Assert.Contains(from, before, StringComparison.Ordinal);
        File.WriteAllText(path, before.Replace(from, to, StringComparison.Ordinal));
    }

    private static void Part(string folder, string part, string prefix, Network network, string config)
    {
        WriteText(folder, $"{part}/config.json", config);
        using var noGradient = no_grad();
        SafetensorsWriter.Write(
            Path.Combine(
                folder,
                part,
                prefix + "model.safetensors"), network.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter));
    }

    private static string Classed<T>(T config, string name)
    {
        var json = JsonSerializer.SerializeToNode(config)!.AsObject();
        json["_class_name"] = name;
        return json.ToJsonString();
    }

    private static IEnumerable<string> Alphabet()
    {
        var printable = Enumerable.Range('!', 94).Concat(Enumerable.Range(0xA1, 12)).Concat(Enumerable.Range(0xAE, 82)).ToArray();
        return printable.Concat(Enumerable.Range(0x100, 256 - printable.Length)).Select(sign => ((char)sign).ToString());
    }
}
