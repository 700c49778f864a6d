using ResLora.Adapters;
using ResLora.Experiments.Inspection;

namespace ResLora.Experiments.Planning;

/// <summary>What a run will do, known without a weight being read.</summary>
/// <param name="Model">The model folder.</param>
/// <param name="Adapter">The adapter's settings; null when all weights are trained.</param>
/// <param name="Modules">The layers that get a block, by name and shape; empty without an adapter.</param>
/// <param name="Chains">Which blocks are neighbours; empty without shortcuts.</param>
/// <param name="Breaks">Where a chain is cut, and why.</param>
/// <param name="TrainableParameters">How many numbers are trained.</param>
/// <param name="TotalParameters">How many numbers the model has.</param>
/// <param name="TrainSamples">Samples to learn.</param>
/// <param name="TooLong">Samples left out for their length.</param>
/// <param name="Untrained">Samples left out for having nothing to learn.</param>
/// <param name="ValidationSamples">Samples held out.</param>
/// <param name="MinTrainedTokens">The fewest trained tokens of a sample.</param>
/// <param name="MeanTrainedTokens">The mean number of trained tokens of a sample.</param>
/// <param name="MaxTrainedTokens">The most trained tokens of a sample.</param>
/// <param name="LongestSample">The longest sample, in tokens.</param>
/// <param name="Steps">Optimizer steps.</param>
/// <param name="Epochs">Passes over the data that the steps come to.</param>
/// <param name="Memory">The memory at the peak, estimated.</param>
public sealed record PlanReport(
    string Model,
    AdapterConfig? Adapter,
    IReadOnlyList<LinearGroup> Modules,
    IReadOnlyList<ShortcutChain> Chains,
    IReadOnlyList<ChainBreak> Breaks,
    long TrainableParameters,
    long TotalParameters,
    int TrainSamples,
    int TooLong,
    int Untrained,
    int ValidationSamples,
    int MinTrainedTokens,
    double MeanTrainedTokens,
    int MaxTrainedTokens,
    int LongestSample,
    int Steps,
    double Epochs,
    MemoryEstimate Memory);
