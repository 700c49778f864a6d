using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;
using ResLora.Models;

namespace ResLora.Training;

/// <summary>Puts saved adapters on models.</summary>
public static class SavedAdapter
{
    /// <summary>Puts a saved adapter on a model, with its values.</summary>
    /// <param name="model">The base model.</param>
    /// <param name="folder">The adapter folder.</param>
    /// <param name="rank">The rank to cut it to; null for the whole adapter.</param>
    /// <returns>The handle of the adapted model.</returns>
    /// <exception cref="ResLoraException">A file is missing, broken or not supported, or does not fit the model.</exception>
    public static AdaptedModel Load(Network model, string folder, int? rank = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        var description = AdapterStore.Describe(folder).CutTo(rank);
        var wasTied = GiveOwnHead(model, description);
        return TiedEmbedding.Part(model, RequirePossible(model, AdapterStore.Load(model, description, model.HeadModules), folder, wasTied));
    }

    /// <summary>Puts the blocks of a saved adapter on a model without their values.</summary>
    /// <param name="model">The base model; may be on the meta device.</param>
    /// <param name="description">The adapter.</param>
    /// <returns>The handle of the adapted model.</returns>
    /// <exception cref="ResLoraException">As for <see cref="Load"/>.</exception>
    public static AdaptedModel Place(Network model, AdapterDescription description)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(description);
        var wasTied = GiveOwnHead(model, description);
        return TiedEmbedding.Part(
            model, RequirePossible(model, AdapterStore.Place(model, description, model.HeadModules), description.Folder, wasTied));
    }

    /// <summary>A head that is the embedding itself becomes one of its own where the adapter changes one of the two.</summary>
    private static bool GiveOwnHead(Network model, AdapterDescription description)
    {
        if (model is not CausalLanguageModel { HasOwnHead: false } causal || !AdapterStore.NeedsOwnHead(description))
        {
            return false;
        }

        causal.GiveOwnHead();
        return true;
    }

    /// <summary>Refuses changes of one half of a tied pair that would have to reach the other half, too.</summary>
    private static AdaptedModel RequirePossible(Network model, AdaptedModel adapted, string folder, bool wasTied)
    {
        var problem = model switch
        {
            CausalLanguageModel when wasTied && adapted.Tokens is [var one] && TiedEmbedding.IsHead(one.Module) =>
                "trained tokens of an embedding that is the output head too, beside a change of that head, are not supported",
            EncoderModel { Head.Kind: ModelHeadKind.MaskedTokens } when adapted.BesidesHead.Any(TiedEmbedding.IsHead) =>
                "a word embedding of its own for a model whose head for masked tokens is the embedding is not supported",
            _ => null,
        };
        return problem is null ? adapted : throw new ConfigException($"{folder}: {problem}. {PeftConfig.Advice}");
    }
}
