namespace ResLora.Experiments.Analyzing.Adapters;

/// <summary>What can be said of a trained block without any data.</summary>
/// <param name="Module">The block's dotted name.</param>
/// <param name="Chain">The chain that it belongs to, such as <c>self_attn.q_proj</c>.</param>
/// <param name="Rank">R.</param>
/// <param name="EffectiveRank">How many directions the update really has, as <c>reslora inspect</c> has it.</param>
/// <param name="Update">‖s B A‖_F.</param>
/// <param name="Share">‖s B A‖_F / ‖W‖_F; null without the base model.</param>
/// <param name="Cosine">
/// ⟨ΔW_n, ΔW_{n−1}⟩ over both sizes, −1 to 1: how alike the update is to that of the block before it; null at the head of a chain, or where
/// one of them is 0.
/// </param>
/// <param name="AlphaByWeights">α* of the merge by weights; null without the base model, and for other shortcuts than input.</param>
public sealed record AnalyzedBlock(
    string Module, string Chain, long Rank, double EffectiveRank, double Update, double? Share, double? Cosine, double? AlphaByWeights);
