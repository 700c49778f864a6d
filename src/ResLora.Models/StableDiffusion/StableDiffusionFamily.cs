using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Tensors.Safetensors;

namespace ResLora.Models.StableDiffusion;

/// <summary>Pipelines of Stable Diffusion 1 and 2 in diffusers' layout.</summary>
internal static class StableDiffusionFamily
{
    private static readonly (string Part, string[] Classes)[] _parts =
    [
        (PipelineParts.UNet, ["UNet2DConditionModel"]),
        (PipelineParts.TextEncoder, ["CLIPTextModel"]),
        (PipelineParts.Autoencoder, ["AutoencoderKL"]),
        (PipelineParts.Tokenizer, ["CLIPTokenizer", "CLIPTokenizerFast"]),
    ];

    // Filters and the like beside the pipeline, which change no number of it.
    private static readonly string[] _besides =
        ["_class_name", "_diffusers_version", "_name_or_path", "feature_extractor", "safety_checker", "requires_safety_checker", "scheduler"];

    /// <summary>The family.</summary>
    public static ModelFamily Family { get; } = new() { ModelTypes = ["StableDiffusionPipeline"], Build = Build };

    private static StableDiffusionModel Build(string folder, ModelHead? head)
    {
        var path = Path.Combine(folder, PipelineParts.IndexName);
        if (head is not null)
        {
            throw new ConfigException($"{path}: this model makes pictures and has no head for labels.");
        }

        Require(path);
        var textEncoder = Part<PromptEncoder>(folder, PipelineParts.TextEncoder);
        Denoiser? unet = null;
        try
        {
            unet = Part<Denoiser>(folder, PipelineParts.UNet);
            return textEncoder.HiddenSize == unet.TextWidth
                ? new StableDiffusionModel(textEncoder, unet)
                : throw new FileFormatException(
                    $"{folder}: the text encoder gives {textEncoder.HiddenSize} numbers a token (hidden_size), and the UNet takes "
                    + $"{unet.TextWidth} (cross_attention_dim); they are not of one pipeline.");
        }
        catch
        {
            textEncoder.Dispose();
            unet?.Dispose();
            throw;
        }
    }

    /// <summary>A part's folder may say something else than the index.</summary>
    private static T Part<T>(string folder, string name)
        where T : Network
    {
        var path = Path.Combine(folder, name);
        var network = ModelRegistry.Build(path);
        if (network is T part)
        {
            return part;
        }

        network.Dispose();
        throw new FileFormatException(
            $"{path}: the configuration is that of another network than a pipeline's '{name}'; the folder belongs elsewhere.");
    }

    private static void Require(string path)
    {
        using var json = CheckedJson.Read(path);
        var problems = new List<string>();
        foreach (var (part, classes) in _parts)
        {
            var found = json.RootElement.TryGetProperty(part, out var entry) && entry.ValueKind == JsonValueKind.Array
                && entry.GetArrayLength() == 2
                ? entry[1].ToString()
                : "";
            if (!classes.Contains(found))
            {
                problems.Add(
                    found.Length == 0 ? $"there is no '{part}'" : $"'{part}' is a {found}; supported: {string.Join(", ", classes)}");
            }
        }

        problems.AddRange(json.RootElement.EnumerateObject()
            .Where(entry => !_besides.Contains(entry.Name) && !_parts.Any(part => part.Part == entry.Name) && !IsNothing(entry.Value))
            .Select(entry => $"the part '{entry.Name}' is not supported"));
        if (problems.Count > 0)
        {
            throw new ConfigException($"{path}: {string.Join("; ", problems)}.");
        }
    }

    /// <summary>Null, or the pair of nulls that stands for a part left out.</summary>
    private static bool IsNothing(JsonElement value) => value.ValueKind == JsonValueKind.Null
        || (value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(one => one.ValueKind == JsonValueKind.Null));
}
