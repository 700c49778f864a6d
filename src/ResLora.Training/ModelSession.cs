using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Text.Tokenization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Training;

/// <summary>
/// A network with its tokenizer, where it has one, and perhaps an adapter, wired together: forward passes open what the shortcuts need by
/// themselves. Not safe for several threads.
/// </summary>
public sealed class ModelSession : IDisposable
{
    private readonly Tokenizer? _tokenizer;

    private ModelSession(Network model, Tokenizer? tokenizer, string modelFolder) =>
        (Model, _tokenizer, ModelFolder) = (model, tokenizer, modelFolder);

    /// <summary>The network.</summary>
    public Network Model { get; }

    /// <summary>The network, where it must be one that reads tokens.</summary>
    /// <exception cref="ConfigException">It reads none.</exception>
    public LanguageModel Text => Model as LanguageModel ?? throw NoText();

    /// <summary>The model, where it must be one that continues texts.</summary>
    /// <exception cref="ConfigException">It is an encoder, or reads no text.</exception>
    public CausalLanguageModel Causal => Text as CausalLanguageModel
        ?? throw new ConfigException(
            $"{ModelFolder}: this model is an encoder, which cannot continue a text; take one of the Llama family, or a task with labels.");

    /// <summary>The model, where it must be an encoder.</summary>
    /// <exception cref="ConfigException">It is one that continues texts.</exception>
    public EncoderModel Encoder => Model as EncoderModel
        ?? throw new ConfigException(
            $"{ModelFolder}: this model continues texts and has no head for labels or scores; take a BERT or a RoBERTa, " +
            "or a task with text to generate.");

    /// <summary>The tokenizer of a model that reads tokens.</summary>
    /// <exception cref="ConfigException">It reads none.</exception>
    public Tokenizer Tokenizer => _tokenizer ?? throw NoText();

    /// <summary>The folder that both came from.</summary>
    public string ModelFolder { get; }

    /// <summary>The adapter on the model, or null.</summary>
    public AdaptedModel? Adapter { get; private set; }

    /// <summary>Opens a model folder, and an adapter folder on top of it when one is given.</summary>
    /// <param name="modelFolder">config.json, model.safetensors and the tokenizer's files of a model of texts.</param>
    /// <param name="adapterFolder">A PEFT or reslora adapter folder, or null. It brings an encoder's head with it.</param>
    /// <param name="dtype">
    /// The dtype to compute in; null takes the file's. A processor without instructions for 16 bits is many times faster in float32.
    /// </param>
    /// <param name="device">The device; null takes the processor.</param>
    /// <param name="head">The head of an encoder without an adapter; null takes the one that the configuration describes.</param>
    /// <param name="headSeed">The seed that this head is drawn from where the checkpoint has none; null makes that an error.</param>
    /// <param name="rank">The rank to cut the adapter to; null for the whole adapter.</param>
    /// <returns>The session, owned by the caller.</returns>
    /// <exception cref="ResLoraException">A file is missing, broken or not supported, or the parts do not fit each other.</exception>
    public static ModelSession Load(
        string modelFolder, string? adapterFolder =
            null, ScalarType? dtype = null, Device? device = null, ModelHead? head = null, long? headSeed = null,
        int? rank = null)
    {
        var description = adapterFolder is null ? null : AdapterStore.Describe(adapterFolder);
        if (description is { SavedModules.Count: > 0 })
        {
            // Drawn only to be overwritten by the adapter's.
            (head, headSeed) = (HeadOf(description), 0);
        }

        // A vocabulary takes about as long as the weights of a small model, and one core.
        var tokenizer = Task.Run(() => Tokenizer.Load(modelFolder));
        var session = Open(
            ModelRegistry.Load(modelFolder, dtype, device, head, headSeed), modelFolder, () => tokenizer.GetAwaiter().GetResult());
        if (adapterFolder is null)
        {
            return session;
        }

        try
        {
            session.AttachSaved(adapterFolder, rank);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Opens a folder of a model that continues texts, with some of its weights: the others stay on the meta device.</summary>
    /// <param name="modelFolder">As for <see cref="Load"/>.</param>
    /// <param name="isNeeded">Says, of the model that has no weights yet, which parameters are read, by their dotted names.</param>
    /// <param name="dtype">As for <see cref="Load"/>.</param>
    /// <returns>The session, owned by the caller.</returns>
    /// <exception cref="ResLoraException">As for <see cref="Load"/>.</exception>
    public static ModelSession LoadPart(
        string modelFolder, Func<CausalLanguageModel, Func<string, bool>> isNeeded, ScalarType? dtype = null) =>
        Open(ModelRegistry.LoadPart(modelFolder, isNeeded, dtype), modelFolder, () => Tokenizer.Load(modelFolder));

    /// <summary>Opens a model folder without its weights, to plan with: the network is on the meta device.</summary>
    /// <param name="modelFolder">As for <see cref="Load"/>.</param>
    /// <param name="head">The head; null takes the one that the configuration describes.</param>
    /// <returns>The session, owned by the caller.</returns>
    /// <exception cref="ResLoraException">A file is missing, broken or not supported.</exception>
    public static ModelSession Plan(string modelFolder, ModelHead? head = null) =>
        Open(ModelRegistry.Plan(modelFolder, head), modelFolder, () => Tokenizer.Load(modelFolder));

    /// <summary>Puts a new adapter on the model; the model's head is trained with it.</summary>
    /// <param name="config">The adapter's settings; without targets it goes on those that are usual for the model's family.</param>
    /// <param name="seed">The seed of the initial A's. Default 0.</param>
    /// <returns>The handle of the adapted model.</returns>
    /// <exception cref="ConfigException">The settings have problems, or a target matches nothing.</exception>
    public AdaptedModel Attach(AdapterConfig config, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (Adapter is not null)
        {
            throw new InvalidOperationException("The session has an adapter already.");
        }

        return Wire(
            TiedEmbedding.Part(Model, AdaptedModel.Inject(Model, config.WithUsualTargets(Model.UsualTargets), seed, Model.HeadModules)));
    }

    /// <summary>Puts a saved adapter on the model, to use it or to train it further.</summary>
    /// <param name="adapterFolder">A PEFT or reslora adapter folder.</param>
    /// <param name="rank">The rank to cut it to; null for the whole adapter.</param>
    /// <returns>The handle of the adapted model.</returns>
    /// <exception cref="ResLoraException">A file is missing, broken or not supported, or does not fit the model.</exception>
    public AdaptedModel AttachSaved(string adapterFolder, int? rank = null)
    {
        if (Adapter is not null)
        {
            throw new InvalidOperationException("The session has an adapter already.");
        }

        var adapted = Wire(SavedAdapter.Load(Model, adapterFolder, rank));
        RequireHead(adapted, adapterFolder);
        return adapted;
    }

    /// <summary>What is trained, by name: the adapter and a new head, or all weights where there is no adapter.</summary>
    /// <returns>The parameters, borrowed.</returns>
    public IReadOnlyList<KeyValuePair<string, Parameter>> TrainableParameters() =>
        [.. Adapter?.TrainableParameters() ?? Model.named_parameters().Select(p => KeyValuePair.Create(p.name, p.parameter))];

    /// <summary>Writes what is trained: the adapter with the head that it brings, else the whole model.</summary>
    /// <param name="folder">The folder; a model's files there are replaced.</param>
    /// <param name="modelName">What the adapter's files call the base model; null for its folder.</param>
    /// <exception cref="ResLoraException">A file cannot be written.</exception>
    public void Save(string folder, string? modelName = null)
    {
        if (Adapter is null)
        {
            Models.ModelFolder.Write(Model, ModelFolder, folder, overwrite: true);
            return;
        }

        AdapterStore.Save(Adapter, folder, modelName ?? ModelFolder);
        if (Model.Head is { } head)
        {
            ModelHeadFile.Write(folder, head);
        }
    }

    /// <summary>Frees the model's memory.</summary>
    public void Dispose() => Model.Dispose();

    /// <summary>What the head that an adapter folder brings predicts: by our own file, else by its number of outputs.</summary>
    /// <param name="description">The folder; null for no adapter.</param>
    /// <returns>The head, or null when the folder brings none.</returns>
    /// <exception cref="FileFormatException">A file is missing or malformed.</exception>
    public static ModelHead? HeadOf(AdapterDescription? description)
    {
        if (description is not { SavedModules.Count: > 0 })
        {
            return null;
        }

        if (ModelHeadFile.Read(description.Folder) is { } written)
        {
            return written;
        }

        var entries = SafetensorsReader.ReadHeader(description.TensorFile).Entries;
        var outputs = EncoderModel.OutputWeights
            .Select(name => entries.GetValueOrDefault(description.Prefix + name))
            .FirstOrDefault(entry => entry is { Shape.Count: 2 })?.Shape[0];
        return outputs is >= 1 and <= ModelHead.MostOutputs ? ModelHead.OfOutputs((int)outputs) : null;
    }

    private static ModelSession Open(Network model, string folder, Func<Tokenizer> tokenizer)
    {
        try
        {
            return new ModelSession(model, model is LanguageModel ? tokenizer() : null, folder);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private ConfigException NoText() => new($"{ModelFolder}: this model reads no text; take a model of texts.");

    private AdaptedModel Wire(AdaptedModel adapted)
    {
        Model.BeginForward = mask => adapted.BeginPass(mask);
        Adapter = adapted;
        return adapted;
    }

    private void RequireHead(AdaptedModel adapted, string adapterFolder)
    {
        var missing = Model.NewModules.Except(adapted.SavedModules).ToArray();
        if (missing.Length > 0)
        {
            throw new FileFormatException(
                $"Neither {ModelFolder} nor {adapterFolder} has {string.Join(", ", missing)}, without which this model predicts nothing " +
                "that was learnt; take the base model that the adapter was trained on.");
        }
    }
}
