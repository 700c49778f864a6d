namespace ResLora.Experiments.Inspection;

/// <summary>Linear layers of one name and shape: what a target such as <c>q_proj</c> chooses.</summary>
/// <param name="Suffix">The last part of their names.</param>
/// <param name="Inputs">Din.</param>
/// <param name="Outputs">Dout.</param>
/// <param name="Modules">Their whole names.</param>
public sealed record LinearGroup(string Suffix, long Inputs, long Outputs, IReadOnlyList<string> Modules);
