using ResLora.Adapters;
using ResLora.Experiments.Inspection;
using ResLora.Models;
using ResLora.Text.Data.Labelling;
using ResLora.Training.Planning;

namespace ResLora.Experiments.Planning;

/// <summary>What a run will do, known without a weight being read.</summary>
/// <param name="Model">The model folder.</param>
/// <param name="Adapter">The adapter's settings; null when all weights are trained.</param>
/// <param name="Layers">The layers that get a block, by name and shape; empty without an adapter.</param>
/// <param name="ValidationSamples">Samples held out.</param>
/// <param name="Run">Chains, parameters, data, steps and memory.</param>
public sealed record PlanReport(string Model, AdapterConfig? Adapter, IReadOnlyList<LinearGroup> Layers, int ValidationSamples, RunPlan Run)
{
    /// <summary>How the training labels are spread; empty for tasks without labels.</summary>
    public IReadOnlyList<ClassShare> Balance { get; init; } = [];

    /// <summary>
    /// The task's names of columns to those of the file that were taken for them, since it has none of the task's own; empty when nothing
    /// was guessed.
    /// </summary>
    public IReadOnlyDictionary<string, string> GuessedColumns { get; init; } = new Dictionary<string, string>();

    /// <summary>What an encoder predicts; null for models that continue texts.</summary>
    public TextHead? Head { get; init; }

    /// <summary>Modules that the base model lacks and that are drawn from the seed. Dotted names.</summary>
    public IReadOnlyList<string> NewModules { get; init; } = [];
}
