using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Formats.Safetensors;
using ResLora.Models.Llama;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>Opens model folders in Hugging Face's layout. A new family is one folder of code and one line here.</summary>
public static class ModelRegistry
{
    private static readonly Dictionary<string, Func<string, CausalLanguageModel>> _causalFamilies = new(StringComparer.Ordinal)
    {
        ["llama"] = Llama,
        ["mistral"] = Llama,
        ["qwen2"] = Llama,
        ["qwen3"] = Llama,
    };

    /// <summary>Builds the network that a folder's config.json describes, on the meta device: shapes and names, no weights.</summary>
    /// <param name="folder">A model folder.</param>
    /// <returns>The network, owned by the caller.</returns>
    /// <exception cref="FileFormatException">There is no readable config.json.</exception>
    /// <exception cref="ConfigException">The model is not supported.</exception>
    public static CausalLanguageModel BuildCausal(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new FileFormatException($"{folder}: there is no such folder; give a model folder with config.json, tokenizer.json and model.safetensors.");
        }

        var path = Path.Combine(folder, "config.json");
        using var json = CheckedJson.Read(path);
        var type = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("model_type", out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new FileFormatException($"{path}: there is no \"model_type\"; is this the configuration of a model?");
        return _causalFamilies.TryGetValue(type, out var build)
            ? build(path)
            : throw new ConfigException($"{path}: model_type '{type}' is not supported (supported: {string.Join(", ", _causalFamilies.Keys)}).");
    }

    /// <summary>Opens a causal language model with its weights, frozen.</summary>
    /// <param name="folder">A model folder: config.json and model.safetensors, whole or in shards.</param>
    /// <param name="dtype">The dtype to compute in; null takes the file's.</param>
    /// <param name="device">The device; null takes the processor.</param>
    /// <returns>The model in evaluation mode, owned by the caller.</returns>
    /// <exception cref="FileFormatException">A file is missing or broken, or the weights do not fit the configuration.</exception>
    /// <exception cref="ConfigException">The model is not supported.</exception>
    public static CausalLanguageModel LoadCausal(string folder, ScalarType? dtype = null, Device? device = null)
    {
        var model = BuildCausal(folder);
        try
        {
            using var checkpoint = CheckpointReader.Open(folder);
            // Some checkpoints store a tied head a second time.
            string[] ignored = model.named_modules().Any(m => m.name == "lm_head") ? [] : ["lm_head.weight"];
            ModelWeights.Load(model, checkpoint, dtype, device ?? CPU, ignored);
            model.eval();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static LlamaModel Llama(string path) => new(LlamaConfig.Read(path));
}
