namespace ResLora.Adapters;

/// <summary>What an adapter folder holds, known without its model.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Format"><c>peft</c> or <c>reslora</c>.</param>
/// <param name="Config">The adapter's settings.</param>
/// <param name="BaseModel">The name or folder of the base model, or null when the adapter does not say.</param>
/// <param name="TensorFile">The path of the tensor file.</param>
/// <param name="Prefix">What stands before every module name in the tensor file.</param>
public sealed record AdapterDescription(string Folder, string Format, AdapterConfig Config, string? BaseModel, string TensorFile, string Prefix)
{
    /// <summary>Modules whose whole values are saved with the adapter: dotted names, or their last parts.</summary>
    public IReadOnlyList<string> SavedModules { get; init; } = [];

    /// <summary>γ, the weight of the shortcuts when the adapter was saved: 1, or less once annealing has begun.</summary>
    public double ShortcutWeight { get; init; } = 1;
}
