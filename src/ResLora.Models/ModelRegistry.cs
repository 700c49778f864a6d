using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Formats.Safetensors;
using ResLora.Models.Bert;
using ResLora.Models.Llama;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>Opens model folders in Hugging Face's layout. A new family is one folder of code and one line here.</summary>
public static class ModelRegistry
{
    private static readonly Dictionary<string, Func<string, TextHead?, LanguageModel>> _families = new(StringComparer.Ordinal)
    {
        ["llama"] = Llama,
        ["mistral"] = Llama,
        ["qwen2"] = Llama,
        ["qwen3"] = Llama,
        ["bert"] = Bert,
        ["roberta"] = Bert,
    };

    /// <summary>The values of <c>model_type</c> that are supported.</summary>
    public static IReadOnlyCollection<string> ModelTypes => _families.Keys;

    /// <summary>Builds the network that a folder's config.json describes, on the meta device: shapes and names, no weights.</summary>
    /// <param name="folder">A model folder.</param>
    /// <param name="head">The head of an encoder; null takes the one that the configuration describes.</param>
    /// <returns>The network, owned by the caller.</returns>
    /// <exception cref="FileFormatException">There is no readable config.json.</exception>
    /// <exception cref="ConfigException">The model is not supported, or a head is asked for and it has none.</exception>
    public static LanguageModel Build(string folder, TextHead? head = null)
    {
        ModelPlace.Require(folder);
        var path = Path.Combine(folder, "config.json");
        using var json = CheckedJson.Read(path);
        var type = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("model_type", out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new FileFormatException($"{path}: there is no \"model_type\"; is this the configuration of a model?");
        return _families.TryGetValue(type, out var build)
            ? build(path, head)
            : throw new ConfigException($"{path}: model_type '{type}' is not supported (supported: {string.Join(", ", _families.Keys)}).");
    }

    /// <summary>
    /// As <see cref="Build"/>, and finds out from the headers of the weights which modules a load with a seed would draw.
    /// </summary>
    /// <param name="folder">A model folder.</param>
    /// <param name="head">The head of an encoder; null takes the one that the configuration describes.</param>
    /// <returns>The network, owned by the caller.</returns>
    /// <exception cref="FileFormatException">A file is missing or broken.</exception>
    /// <exception cref="ConfigException">The model is not supported, or a head is asked for and it has none.</exception>
    public static LanguageModel Plan(string folder, TextHead? head = null)
    {
        var model = Build(folder, head);
        if (model is EncoderModel encoder)
        {
            encoder.NewModules = ModelWeights.Missing(model, CheckpointReader.ReadHeader(folder).Entries, encoder.Checkpoint);
        }

        return model;
    }

    /// <summary>Opens a model with its weights, frozen.</summary>
    /// <param name="folder">A model folder: config.json and model.safetensors, whole or in shards.</param>
    /// <param name="dtype">The dtype to compute in; null takes the file's. The head of an encoder is float32 in any case.</param>
    /// <param name="device">The device; null takes the processor.</param>
    /// <param name="head">The head of an encoder; null takes the one that the configuration describes.</param>
    /// <param name="headSeed">The seed that a head is drawn from where the checkpoint has none (<see cref="EncoderModel.NewModules"/>);
    /// null makes that an error.</param>
    /// <returns>The model in evaluation mode, owned by the caller.</returns>
    /// <exception cref="FileFormatException">A file is missing or broken, or the weights do not fit the configuration.</exception>
    /// <exception cref="ConfigException">The model is not supported, or a head is asked for and it has none.</exception>
    public static LanguageModel Load(string folder, ScalarType? dtype = null, Device? device = null, TextHead? head = null, long? headSeed = null)
    {
        var model = Build(folder, head);
        try
        {
            using var checkpoint = CheckpointReader.Open(folder);
            if (model is EncoderModel encoder)
            {
                var draw = headSeed is { } seed ? new NewWeights(encoder.InitializerRange, seed) : null;
                encoder.NewModules = ModelWeights.Load(model, checkpoint, dtype, device ?? CPU, encoder.Checkpoint, draw);
            }
            else
            {
                ModelWeights.Load(model, checkpoint, dtype, device ?? CPU, LlamaCheckpoint.Of(((LlamaModel)model).Config));
            }

            model.eval();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="Build"/>, for a model that must continue texts.</summary>
    /// <param name="folder">A model folder.</param>
    /// <returns>The network, owned by the caller.</returns>
    /// <exception cref="FileFormatException">There is no readable config.json.</exception>
    /// <exception cref="ConfigException">The model is not supported, or is an encoder.</exception>
    public static CausalLanguageModel BuildCausal(string folder) => Causal(Build(folder), folder);

    /// <summary>As <see cref="Load"/>, for a model that must continue texts.</summary>
    /// <param name="folder">A model folder: config.json and model.safetensors, whole or in shards.</param>
    /// <param name="dtype">The dtype to compute in; null takes the file's.</param>
    /// <param name="device">The device; null takes the processor.</param>
    /// <returns>The model in evaluation mode, owned by the caller.</returns>
    /// <exception cref="FileFormatException">A file is missing or broken, or the weights do not fit the configuration.</exception>
    /// <exception cref="ConfigException">The model is not supported, or is an encoder.</exception>
    public static CausalLanguageModel LoadCausal(string folder, ScalarType? dtype = null, Device? device = null) =>
        Causal(Load(folder, dtype, device), folder);

    private static CausalLanguageModel Causal(LanguageModel model, string folder)
    {
        if (model is CausalLanguageModel causal)
        {
            return causal;
        }

        model.Dispose();
        throw new ConfigException($"{folder}: this model is an encoder, which cannot continue a text; take one of the Llama family.");
    }

    private static LlamaModel Llama(string path, TextHead? head)
    {
        if (head is not null)
        {
            throw new ConfigException($"{path}: this model continues texts and has no head for {(head.Kind == TextHeadKind.MaskedTokens ? "masked tokens" : "labels or scores")}; take a BERT or a RoBERTa.");
        }

        return new LlamaModel(LlamaCheckpoint.Read(Path.GetDirectoryName(path)!));
    }

    private static BertModel Bert(string path, TextHead? head)
    {
        var model = new BertModel(BertConfig.Read(path), head);
        if (BertCheckpoint.DifferentDecoder(model, Path.GetDirectoryName(path)!) is not { } decoder)
        {
            return model;
        }

        model.Dispose();
        throw new ConfigException($"{path}: '{decoder}' is no copy of the word embedding, and a head for masked tokens of its own is not supported; take a checkpoint in which they are equal.");
    }
}
