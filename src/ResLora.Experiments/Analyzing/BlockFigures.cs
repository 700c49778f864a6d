using System.Text.Json.Serialization;
using ResLora.Training.Probing;

namespace ResLora.Experiments.Analyzing;

/// <summary>What was measured of a block at a step.</summary>
/// <param name="Probe">Gradients and activations.</param>
/// <param name="Update">‖s B A‖_F.</param>
/// <param name="Weight">‖W‖_F of the base model's weight.</param>
/// <param name="EffectiveRank">The effective rank of B A, as <c>reslora inspect</c> has it; 0 while B is 0.</param>
/// <param name="AlphaByWeights">α* of the paper's merge by weights (equation 11); null for other shortcuts than input.</param>
public sealed record BlockFigures(BlockProbe Probe, double Update, double Weight, double EffectiveRank, double? AlphaByWeights)
{
    /// <summary>The block's dotted name.</summary>
    [JsonIgnore]
    public string Module => Probe.Module;
}
