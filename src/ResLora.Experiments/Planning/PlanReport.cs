using ResLora.Adapters;
using ResLora.Experiments.Inspection;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Planning;

/// <summary>What a run will do, known without a weight being read.</summary>
/// <param name="Model">The model folder.</param>
/// <param name="Adapter">The adapter's settings; null when all weights are trained.</param>
/// <param name="Layers">The layers that get a block, by name and shape; empty without an adapter.</param>
/// <param name="ValidationSamples">Samples held out.</param>
/// <param name="Run">Chains, parameters, data, steps and memory.</param>
public sealed record PlanReport(string Model, AdapterConfig? Adapter, IReadOnlyList<LinearGroup> Layers, int ValidationSamples, RunPlan Run);
