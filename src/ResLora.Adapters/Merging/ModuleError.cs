namespace ResLora.Adapters.Merging;

/// <summary>How far one merged layer's output is from the unmerged one's, given the inputs of the unmerged model.</summary>
/// <param name="Module">The layer's dotted name.</param>
/// <param name="Update">√(Σ‖Δĥ − Δh‖² / Σ‖Δh‖²): relative to what the adapter adds.</param>
/// <param name="Output">√(Σ‖Δĥ − Δh‖² / Σ‖h‖²): relative to all that the layer puts out.</param>
public sealed record ModuleError(string Module, double Update, double Output);
