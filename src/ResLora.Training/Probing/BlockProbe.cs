namespace ResLora.Training.Probing;

/// <summary>What was measured at one block: gradients of the mean loss, and activations.</summary>
/// <param name="Module">The block's dotted name.</param>
/// <param name="GradientA">∂L/∂A: by the block's own term, and by terms of shortcuts.</param>
/// <param name="GradientB">∂L/∂B, likewise.</param>
/// <param name="Deviation">
/// ‖own + shortcut − automatic differentiation‖ / ‖automatic differentiation‖ over both factors: rounding, of 1e-6 in float32 and
/// 1e-2 in bfloat16.
/// </param>
/// <param name="Input">
/// ∂L/∂x_n: as own what comes through the base model and the blocks (equation 15), as shortcut what comes straight from later blocks
/// of all chains that lead to x_n (equation 16). Null where no trained weight lies before x_n, where no later block reads x_n, and
/// where an earlier block has it: q, k and v of a layer read one input.
/// </param>
/// <param name="Forward">Δh_n: the block's own s B_n A_n x_n, and what the shortcut adds; padding is left out.</param>
/// <param name="AlphaByProjection">
/// α* of the merge by projection on these samples; null without a shortcut of activations, or at the head of a chain.
/// </param>
/// <param name="AlphaByInputs">α* of the paper's merge by inputs (equations 9 and 12) on these samples; null likewise.</param>
public sealed record BlockProbe(
    string Module, SplitNorms GradientA, SplitNorms GradientB, double Deviation, SplitNorms? Input, SplitNorms Forward,
    double? AlphaByProjection, double? AlphaByInputs);
