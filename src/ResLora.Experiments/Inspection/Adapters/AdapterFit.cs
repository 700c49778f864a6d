using ResLora.Adapters;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Training;
using TorchSharp.Modules;

namespace ResLora.Experiments.Inspection.Adapters;

/// <summary>Holds an adapter against a base model, of which no weight is read.</summary>
internal static class AdapterFit
{
    private const int MostProblems = 4;

    /// <summary>Holds an adapter folder or a LoRA file against a model.</summary>
    /// <param name="model">The model's folder.</param>
    /// <param name="description">The adapter.</param>
    /// <returns>A sentence: what does not fit, or that all does.</returns>
    public static IEnumerable<string> Of(string model, AdapterDescription description)
    {
        try
        {
            using var network = ModelRegistry.Plan(model, ModelSession.HeadOf(description));
            // On the meta device: names and shapes are checked, and no value is kept.
            var placed = AdapterStore.Load(network, description, network.HeadModules);
            return [Fits(model, placed.Blocks.Count)];
        }
        catch (ResLoraException error)
        {
            return [Misfit(model, error.Message)];
        }
    }

    /// <summary>Holds an adapter in GGUF against a model.</summary>
    /// <param name="model">The model's folder or file.</param>
    /// <param name="pairs">The adapter's factors, under the names of the weights that they are for.</param>
    /// <returns>A sentence.</returns>
    public static IEnumerable<string> OfGguf(string model, IReadOnlyList<StoredPair> pairs) => ByShapes(
        model, pairs, network => network.GgufNames is { } names ? module => names.StoredName(module + ".weight") : null);

    /// <summary>Holds an adapter whose modules have the model's own names against a model.</summary>
    /// <param name="model">The model's folder or file.</param>
    /// <param name="pairs">The adapter's factors.</param>
    /// <returns>A sentence.</returns>
    public static IEnumerable<string> OfOwnNames(string model, IReadOnlyList<StoredPair> pairs) =>
        ByShapes(model, pairs, _ => module => module);

    private static string[] ByShapes(string model, IReadOnlyList<StoredPair> pairs, Func<Network, Func<string, string>?> namesOf)
    {
        try
        {
            using var network = ModelRegistry.Plan(model);
            if (namesOf(network) is not { } nameOf)
            {
                return [Misfit(model, "it is of a family that has no such adapters.")];
            }

            var shapes = network.named_modules().Where(entry => entry.module is Linear)
                .ToDictionary(entry => nameOf(entry.name), entry => ((Linear)entry.module).weight!.shape, StringComparer.Ordinal);
            string[] problems = [.. pairs.Select(pair => Problem(pair, shapes)).OfType<string>()];
            return problems.Length == 0
                ? [Fits(model, pairs.Count)]
                : [Misfit(
                    model,
                    string.Join("; ", problems.Take(MostProblems)) + (
                        problems.Length > MostProblems ? $"; and {problems.Length - MostProblems} more." : "."))];
        }
        catch (ResLoraException error)
        {
            return [Misfit(model, error.Message)];
        }
    }

    private static string? Problem(StoredPair pair, Dictionary<string, long[]> shapes)
    {
        if (!shapes.TryGetValue(pair.Module, out var shape))
        {
            return $"the model has no layer '{pair.Module}'";
        }

        using var a = pair.ReadA();
        using var b = pair.ReadB();
        return a.shape[^1] == shape[1] && b.shape[0] == shape[0]
            ? null
            : $"'{pair.Module}' is [{shape[0]}, {shape[1]}] in the model and [{b.shape[0]}, {a.shape[^1]}] in the adapter";
    }

    private static string Fits(string model, int blocks) => $"It fits {model}: every one of its {blocks} blocks has its layer.";

    private static string Misfit(string model, string reason) => $"It does not fit {model}: {reason}";
}
