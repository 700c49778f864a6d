using System.Text.Json;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Models.Bert;
using ResLora.Models.Clip;
using ResLora.Models.Llama;
using ResLora.Models.StableDiffusion;
using ResLora.Models.UNet;
using ResLora.Models.Vae;
using ResLora.Models.Vit;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>Opens model folders in Hugging Face's layout. A new family is one folder of code and one line here.</summary>
public static class ModelRegistry
{
    private static readonly ModelFamily[] _ours =
    [
        LlamaFamily.Family,
        BertFamily.Family,
        VitFamily.Family,
        VaeFamily.Family,
        StableDiffusionFamily.Family,
        ClipFamily.Family,
        UNetFamily.Family,
    ];

    private static readonly Additions<ModelFamily> _others = new();

    /// <summary>The families that are supported.</summary>
    public static IReadOnlyList<ModelFamily> Families => [.. _ours, .. _others.Items];

    /// <summary>The values of <c>model_type</c> that are supported.</summary>
    public static IReadOnlyCollection<string> ModelTypes => [.. Families.SelectMany(family => family.ModelTypes)];

    /// <summary>Adds a family from outside of this library.</summary>
    /// <param name="family">The family.</param>
    /// <returns>Disposing it takes the family out again.</returns>
    /// <exception cref="ArgumentException">One of its model types is another family's.</exception>
    public static IDisposable Register(ModelFamily family)
    {
        ArgumentNullException.ThrowIfNull(family);
        if (family.ModelTypes.Intersect(ModelTypes).FirstOrDefault() is { } taken)
        {
            throw new ArgumentException($"There is a family for the model type '{taken}' already.", nameof(family));
        }

        return _others.Add(family);
    }

    /// <summary>The family of a model type.</summary>
    /// <param name="type">The value of <c>model_type</c>.</param>
    /// <returns>The family, or null when none is supported that has it.</returns>
    public static ModelFamily? Find(string type) => Families.FirstOrDefault(family => family.ModelTypes.Contains(type));

    /// <summary>Builds the network that a folder's config.json describes, on the meta device: shapes and names, no weights.</summary>
    /// <param name="folder">A model folder.</param>
    /// <param name="head">The head of an encoder; null takes the one that the configuration describes.</param>
    /// <returns>The network, owned by the caller.</returns>
    /// <exception cref="FileFormatException">There is no readable config.json.</exception>
    /// <exception cref="ConfigException">The model is not supported, or a head is asked for and it has none.</exception>
    public static Network Build(string folder, ModelHead? head = null)
    {
        ModelPlace.Require(folder);
        var path = ConfigOf(folder);
        using var json = CheckedJson.Read(path);
        var type = TypeOf(json.RootElement)
            ?? throw new FileFormatException($"{path}: there is no \"model_type\"; is this the configuration of a model?");
        return Find(type)?.Build(folder, head)
            ?? throw new ConfigException(type.StartsWith("StableDiffusionXL", StringComparison.Ordinal)
                ? $"{path}: this is Stable Diffusion XL, and '{type}' is not supported; versions 1 and 2 are."
                : $"{path}: model_type '{type}' is not supported (supported: {string.Join(", ", ModelTypes)}).");
    }

    /// <summary>The file that says what a folder's model is: config.json, or the index of a pipeline in diffusers' layout.</summary>
    /// <param name="folder">A model folder.</param>
    /// <returns>Its path, whether there is such a file or not.</returns>
    public static string ConfigOf(string folder) =>
        Path.Combine(folder, PipelineParts.IsPipeline(folder) ? PipelineParts.IndexName : "config.json");

    /// <summary>The type of model that a configuration is of: its <c>model_type</c>, else its <c>_class_name</c>.</summary>
    /// <param name="config">The content of config.json.</param>
    /// <returns>The type, or null when the configuration names none.</returns>
    public static string? TypeOf(JsonElement config)
    {
        string? Named(string key) => config.ValueKind == JsonValueKind.Object
            && config.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return Named("model_type") ?? Named("_class_name");
    }

    /// <summary>
    /// As <see cref="Build"/>, and finds out from the headers of the weights which modules a load with a seed would draw.
    /// </summary>
    /// <param name="folder">A model folder.</param>
    /// <param name="head">The head of an encoder; null takes the one that the configuration describes.</param>
    /// <returns>The network, owned by the caller, with <see cref="Network.NewModules"/>.</returns>
    /// <exception cref="FileFormatException">A file is missing or broken.</exception>
    /// <exception cref="ConfigException">The model is not supported, or a head is asked for and it has none.</exception>
    public static Network Plan(string folder, ModelHead? head = null)
    {
        var model = Build(folder, head);
        if (model.Checkpoint.ReplaceableModules.Count > 0)
        {
            model.NewModules = ModelWeights.Missing(model, CheckpointReader.ReadHeader(folder).Entries, model.Checkpoint);
        }

        return model;
    }

    /// <summary>Opens a model with its weights, frozen.</summary>
    /// <param name="folder">A model folder: config.json and model.safetensors, whole or in shards.</param>
    /// <param name="dtype">
    /// The dtype to compute in; null takes the file's, and float32 for a pipeline: most are stored in float16, which processors compute
    /// several times slower. The head of an encoder is float32 in any case.
    /// </param>
    /// <param name="device">The device; null takes the processor.</param>
    /// <param name="head">The head of an encoder; null takes the one that the configuration describes.</param>
    /// <param name="headSeed">The seed that a head is drawn from where the checkpoint has none (<see cref="Network.NewModules"/>);
    /// null makes that an error.</param>
    /// <returns>The model in evaluation mode, owned by the caller.</returns>
    /// <exception cref="FileFormatException">A file is missing or broken, or the weights do not fit the configuration.</exception>
    /// <exception cref="ConfigException">The model is not supported, or a head is asked for and it has none.</exception>
    public static Network Load(
        string folder, ScalarType? dtype = null, Device? device = null, ModelHead? head = null, long? headSeed = null)
    {
        var model = Build(folder, head);
        var draw = headSeed is { } seed ? new NewWeights(model.InitializerRange, seed) : null;
        var computed = dtype ?? (model is TextToImageModel ? ScalarType.Float32 : null);
        return WithWeights(
            model, folder, checkpoint => ModelWeights.Load(model, checkpoint, computed, device ?? CPU, model.Checkpoint, draw));
    }

    /// <summary>As <see cref="LoadCausal"/>, with some of the weights: the others stay on the meta device.</summary>
    /// <param name="folder">As for <see cref="LoadCausal"/>.</param>
    /// <param name="isNeeded">Says, of the model that has no weights yet, which parameters are read, by their dotted names.</param>
    /// <param name="dtype">As for <see cref="LoadCausal"/>.</param>
    /// <returns>As for <see cref="LoadCausal"/>.</returns>
    /// <exception cref="FileFormatException">As for <see cref="LoadCausal"/>.</exception>
    /// <exception cref="ConfigException">As for <see cref="LoadCausal"/>.</exception>
    public static CausalLanguageModel LoadPart(
        string folder, Func<CausalLanguageModel, Func<string, bool>> isNeeded, ScalarType? dtype = null)
    {
        ArgumentNullException.ThrowIfNull(isNeeded);
        var model = BuildCausal(folder);
        return WithWeights(
            model, folder,
            checkpoint => ModelWeights.Load(model, checkpoint, dtype, CPU, model.Checkpoint, isNeeded: isNeeded(model)));
    }

    /// <summary>As <see cref="Load"/>, for a model that reads tokens.</summary>
    /// <param name="folder">As for <see cref="Load"/>.</param>
    /// <param name="dtype">As for <see cref="Load"/>.</param>
    /// <param name="device">As for <see cref="Load"/>.</param>
    /// <param name="head">As for <see cref="Load"/>.</param>
    /// <param name="headSeed">As for <see cref="Load"/>.</param>
    /// <returns>As for <see cref="Load"/>.</returns>
    /// <exception cref="FileFormatException">As for <see cref="Load"/>.</exception>
    /// <exception cref="ConfigException">As for <see cref="Load"/>, or the model reads no text or predicts nothing of it.</exception>
    public static LanguageModel LoadText(
        string folder, ScalarType? dtype = null, Device? device = null, ModelHead? head = null, long? headSeed = null) =>
        Text(Load(folder, dtype, device, head, headSeed), folder);

    /// <summary>As <see cref="Plan"/>, for a model that reads tokens.</summary>
    /// <param name="folder">As for <see cref="Plan"/>.</param>
    /// <param name="head">As for <see cref="Plan"/>.</param>
    /// <returns>As for <see cref="Plan"/>.</returns>
    /// <exception cref="FileFormatException">As for <see cref="Plan"/>.</exception>
    /// <exception cref="ConfigException">As for <see cref="Plan"/>, or the model reads no text or predicts nothing of it.</exception>
    public static LanguageModel PlanText(string folder, ModelHead? head = null) => Text(Plan(folder, head), folder);

    /// <summary>As <see cref="Build"/>, for a model that must continue texts.</summary>
    /// <param name="folder">A model folder.</param>
    /// <returns>The network, owned by the caller.</returns>
    /// <exception cref="FileFormatException">There is no readable config.json.</exception>
    /// <exception cref="ConfigException">The model is not supported, or does not continue texts.</exception>
    public static CausalLanguageModel BuildCausal(string folder) => Causal(Build(folder), folder);

    /// <summary>As <see cref="Load"/>, for a model that must continue texts.</summary>
    /// <param name="folder">A model folder: config.json and model.safetensors, whole or in shards.</param>
    /// <param name="dtype">The dtype to compute in; null takes the file's.</param>
    /// <param name="device">The device; null takes the processor.</param>
    /// <returns>The model in evaluation mode, owned by the caller.</returns>
    /// <exception cref="FileFormatException">A file is missing or broken, or the weights do not fit the configuration.</exception>
    /// <exception cref="ConfigException">The model is not supported, or does not continue texts.</exception>
    public static CausalLanguageModel LoadCausal(string folder, ScalarType? dtype = null, Device? device = null) =>
        Causal(Load(folder, dtype, device), folder);

    private static LanguageModel Text(Network model, string folder)
    {
        if (model is LanguageModel text)
        {
            return text;
        }

        var isPrompts = model is PromptEncoder;
        model.Dispose();
        throw new ConfigException(isPrompts
            ? $"{folder}: this is the text encoder of a text-to-image model, which says nothing of a text by itself; take a model of texts."
            : $"{folder}: this model reads no text; take a model of texts.");
    }

    private static CausalLanguageModel Causal(Network model, string folder)
    {
        if (Text(model, folder) is CausalLanguageModel causal)
        {
            return causal;
        }

        model.Dispose();
        throw new ConfigException($"{folder}: this model is an encoder, which cannot continue a text; take one of the Llama family.");
    }

    /// <summary>Fills a model, which is disposed when that fails.</summary>
    private static T WithWeights<T>(T model, string folder, Func<CheckpointReader, IReadOnlyList<string>> load)
        where T : Network
    {
        try
        {
            using var checkpoint = CheckpointReader.Open(folder);
            model.NewModules = load(checkpoint);
            model.eval();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}
