using ResLora.Adapters;

namespace ResLora.Experiments.Analyzing.Adapters;

/// <summary>The factors of a block, with what is known of its layer.</summary>
/// <param name="Module">The block's dotted name.</param>
/// <param name="Lora">A, B and s; borrowed.</param>
/// <param name="Weight">‖W‖_F; null without the base model.</param>
/// <param name="AlphaByWeights">α* of the merge by weights; null where there is none.</param>
internal sealed record AnalyzedPair(string Module, LoraPair Lora, double? Weight = null, double? AlphaByWeights = null);
