using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Training.Tokenization;
using static TorchSharp.torch;

namespace ResLora.Training;

/// <summary>
/// A model with its tokenizer and perhaps an adapter, wired together: forward passes open what the shortcuts need by
/// themselves. Not safe for several threads.
/// </summary>
public sealed class ModelSession : IDisposable
{
    private ModelSession(CausalLanguageModel model, Tokenizer tokenizer, string modelFolder) =>
        (Model, Tokenizer, ModelFolder) = (model, tokenizer, modelFolder);

    /// <summary>The model.</summary>
    public CausalLanguageModel Model { get; }

    /// <summary>Its tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The folder that both came from.</summary>
    public string ModelFolder { get; }

    /// <summary>The adapter on the model, or null.</summary>
    public AdaptedModel? Adapter { get; private set; }

    /// <summary>Opens a model folder, and an adapter folder on top of it when one is given.</summary>
    /// <param name="modelFolder">config.json, tokenizer.json and model.safetensors.</param>
    /// <param name="adapterFolder">A PEFT or reslora adapter folder, or null.</param>
    /// <param name="dtype">The dtype to compute in; null takes the file's.</param>
    /// <param name="device">The device; null takes the processor.</param>
    /// <returns>The session, owned by the caller.</returns>
    /// <exception cref="ResLoraException">A file is missing, broken or not supported, or the parts do not fit each other.</exception>
    public static ModelSession Load(string modelFolder, string? adapterFolder = null, ScalarType? dtype = null, Device? device = null)
    {
        var model = ModelRegistry.LoadCausal(modelFolder, dtype, device);
        try
        {
            var tokenizer = Tokenizer.Load(modelFolder);
            if (tokenizer.VocabularySize > model.VocabularySize)
            {
                throw new FileFormatException(
                    $"{modelFolder}: the tokenizer has {tokenizer.VocabularySize} tokens and the model {model.VocabularySize}; they do not belong together.");
            }

            var session = new ModelSession(model, tokenizer, modelFolder);
            if (adapterFolder is not null)
            {
                session.AttachSaved(adapterFolder);
            }

            return session;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Puts a new adapter on the model.</summary>
    /// <param name="config">The adapter's settings.</param>
    /// <param name="seed">The seed of the initial A's. Default 0.</param>
    /// <returns>The handle of the adapted model.</returns>
    /// <exception cref="ConfigException">The settings have problems, or a target matches nothing.</exception>
    public AdaptedModel Attach(AdapterConfig config, long seed = 0)
    {
        if (Adapter is not null)
        {
            throw new InvalidOperationException("The session has an adapter already.");
        }

        return Wire(AdaptedModel.Inject(Model, config, seed));
    }

    /// <summary>Puts a saved adapter on the model, to use it or to train it further.</summary>
    /// <param name="adapterFolder">A PEFT or reslora adapter folder.</param>
    /// <returns>The handle of the adapted model.</returns>
    /// <exception cref="ResLoraException">A file is missing, broken or not supported, or does not fit the model.</exception>
    public AdaptedModel AttachSaved(string adapterFolder)
    {
        if (Adapter is not null)
        {
            throw new InvalidOperationException("The session has an adapter already.");
        }

        return Wire(AdapterStore.Load(Model, adapterFolder));
    }

    /// <summary>Frees the model's memory.</summary>
    public void Dispose() => Model.Dispose();

    private AdaptedModel Wire(AdaptedModel adapted)
    {
        Model.BeginForward = mask => adapted.BeginPass(mask);
        Adapter = adapted;
        return adapted;
    }
}
