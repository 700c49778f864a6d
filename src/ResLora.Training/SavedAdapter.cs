using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Models;

namespace ResLora.Training;

/// <summary>Puts saved adapters on models.</summary>
public static class SavedAdapter
{
    /// <summary>Puts a saved adapter on a model, with its values.</summary>
    /// <param name="model">The base model.</param>
    /// <param name="folder">The adapter folder.</param>
    /// <returns>The handle of the adapted model.</returns>
    /// <exception cref="ResLoraException">A file is missing, broken or not supported, or does not fit the model.</exception>
    public static AdaptedModel Load(LanguageModel model, string folder)
    {
        ArgumentNullException.ThrowIfNull(model);
        GiveOwnHead(model, AdapterStore.Describe(folder));
        return AdapterStore.Load(model, folder, model.HeadModules);
    }

    /// <summary>Puts the blocks of a saved adapter on a model without their values.</summary>
    /// <param name="model">The base model; may be on the meta device.</param>
    /// <param name="description">The adapter.</param>
    /// <returns>The handle of the adapted model.</returns>
    /// <exception cref="ResLoraException">As for <see cref="Load"/>.</exception>
    public static AdaptedModel Place(LanguageModel model, AdapterDescription description)
    {
        ArgumentNullException.ThrowIfNull(model);
        GiveOwnHead(model, description);
        return AdapterStore.Place(model, description, model.HeadModules);
    }

    /// <summary>A head that is the embedding itself becomes one of its own where the adapter changes one of the two.</summary>
    private static void GiveOwnHead(LanguageModel model, AdapterDescription description)
    {
        if (model is CausalLanguageModel { HasOwnHead: false } causal && AdapterStore.NeedsOwnHead(description))
        {
            causal.GiveOwnHead();
        }
    }
}
