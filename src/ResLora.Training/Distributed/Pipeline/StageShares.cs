using ResLora.Formats.Errors;
using ResLora.Models;

namespace ResLora.Training.Distributed.Pipeline;

/// <summary>How a model's layers are shared out among processes: in order, so that the weights of each are about as many.</summary>
public static class StageShares
{
    /// <summary>Shares them out; an adapter on the model changes nothing.</summary>
    /// <param name="model">The model, whose weights may be on the meta device; its layers are alike.</param>
    /// <param name="stages">How many processes.</param>
    /// <returns>One share for each process, in their order.</returns>
    /// <exception cref="ConfigException">The model cannot be shared out, or not among so many.</exception>
    public static IReadOnlyList<LayerShare> Of(CausalLanguageModel model, int stages)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(stages, 1);
        var layers = model.LayerCount;
        var layered = Layered(model);
        if (stages > layers)
        {
            throw new ConfigException($"training.parallel is pipeline, and the model has {layers} layers for {stages} processes; start at most {layers}.");
        }

        (string Name, long Size)[] weights =
        [
            .. model.named_parameters()
                .Where(p => !p.name.Contains(".lora_", StringComparison.Ordinal))
                .Select(p => (p.name, p.parameter.numel())),
        ];
        // Layers are alike, so that of the inner processes' shares the place does not matter.
        LayerShare Share(int stage, int count) =>
            new(stage == 0 ? 0 : stage == stages - 1 ? layers - count : 1, count, layers);
        long Size(int stage, int count) => weights.Where(w => layered.Needs(Share(stage, count), w.Name)).Sum(w => w.Size);

        var counts = Enumerable.Repeat(1, stages).ToArray();
        for (var given = stages; given < layers; given++)
        {
            counts[Enumerable.Range(0, stages).MinBy(stage => Size(stage, counts[stage]))]++;
        }

        return [.. counts.Select((count, stage) => new LayerShare(counts.Take(stage).Sum(), count, layers))];
    }

    /// <summary>Which parameters of a model a process needs, for loading them.</summary>
    /// <param name="ranks">The processes.</param>
    /// <returns>As <see cref="ModelRegistry.LoadPart"/> asks.</returns>
    /// <exception cref="ConfigException">When it is asked: as for <see cref="Of"/>.</exception>
    public static Func<CausalLanguageModel, Func<string, bool>> NeededBy(ICommunicator ranks)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        return model =>
        {
            var (layered, share) = (Layered(model), Of(model, ranks.Size)[ranks.Rank]);
            return name => layered.Needs(share, name);
        };
    }

    /// <summary>The model as one that can be run in parts.</summary>
    /// <exception cref="ConfigException">It cannot.</exception>
    internal static ILayeredModel Layered(CausalLanguageModel model) => model as ILayeredModel
        ?? throw new ConfigException("training.parallel is pipeline, and this model's layers cannot be shared out among processes; take one of the Llama family.");
}
