using ResLora.Adapters.LoraFiles;
using ResLora.Adapters.Methods.Dora;
using ResLora.Formats.Errors;
using ResLora.Tensors;

namespace ResLora.Adapters;

/// <summary>What an adapter folder holds, known without its model.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Format"><c>peft</c>, <c>reslora</c>, <c>diffusers</c> or <c>kohya</c>.</param>
/// <param name="Config">The adapter's settings.</param>
/// <param name="BaseModel">The name or folder of the base model, or null when the adapter does not say.</param>
/// <param name="TensorFile">The path of the tensor file.</param>
/// <param name="Prefix">What stands before every module name in the tensor file.</param>
public sealed record AdapterDescription(
    string Folder, string Format, AdapterConfig Config, string? BaseModel, string TensorFile, string Prefix)
{
    /// <summary>Modules whose whole values are saved with the adapter: dotted names, or their last parts.</summary>
    public IReadOnlyList<string> SavedModules { get; init; } = [];

    /// <summary>γ, the weight of the shortcuts when the adapter was saved: 1, or less once annealing has begun.</summary>
    public double ShortcutWeight { get; init; } = 1;

    /// <summary>Ranks and alphas that single modules have instead; none but in PEFT folders.</summary>
    public ModuleOverrides Overrides { get; init; } = ModuleOverrides.None;

    /// <summary>The rank that the adapter was trained with, where <see cref="Config"/> has a smaller one; null for the whole
    /// adapter.</summary>
    internal int? CutFrom { get; init; }

    /// <summary>What a PEFT configuration leaves to the model and the tensors; null for our own folders.</summary>
    internal PeftChoices? Peft { get; init; }

    /// <summary>The file of a text-to-image LoRA; null for adapter folders.</summary>
    internal LoraFile? LoraFile { get; init; }

    /// <summary>Opens the tensor file.</summary>
    /// <returns>The open file, the caller's.</returns>
    /// <exception cref="FileFormatException">It is missing or breaks its format.</exception>
    internal ITensorFile OpenTensors() => TensorFiles.OpenSafetensorsOrPickle(TensorFile);

    /// <summary>The adapter cut to a rank that was trained with it: plain LoRA of that rank, its shortcut aside.</summary>
    /// <param name="rank">The rank; null leaves the adapter whole.</param>
    /// <returns>The description of what is left of it.</returns>
    /// <exception cref="ConfigException">The adapter was not trained for that rank.</exception>
    public AdapterDescription CutTo(int? rank) =>
        rank is { } wanted ? this with { Config = Config.Kind.CutTo(Config, wanted), CutFrom = Config.Rank } : this;

    /// <summary>By what the updates are multiplied; 1 for the adapter as it was saved.</summary>
    internal double Strength { get; private init; } = 1;

    /// <summary>The adapter at another strength: k · ΔW in place of ΔW; of DoRA, k is inside the norm, as in diffusers.</summary>
    /// <param name="strength">k, above 0.</param>
    /// <returns>The description of it.</returns>
    /// <exception cref="ConfigException">
    /// The number is not above 0, or it is kohya's DoRA, where a strength is W + k (W' − W), for which a block has no place.
    /// </exception>
    public AdapterDescription WithStrength(double strength)
    {
        if (!(strength > 0) || !double.IsFinite(strength))
        {
            throw new ConfigException($"A strength of {strength} is asked for; it must be above 0.");
        }

        return strength == 1 || LoraFile is not { Format: LoraFileFormat.Kohya } || Config.Kind is not DoraMethod
            ? this with { Strength = strength }
            : throw new ConfigException(
                $"{Folder}: a strength of {strength} for DoRA of kohya's kind (dora_scale) is not supported, only 1.");
    }

    /// <summary>The model's modules that the folder brings whole. PEFT names both usual heads, of which a model has one.</summary>
    /// <param name="headModules">Dotted names of the modules of the model's head.</param>
    /// <returns>The dotted names of those that are brought.</returns>
    /// <exception cref="ConfigException">The folder brings another module.</exception>
    public IReadOnlyList<string> ChosenFrom(IReadOnlyList<string> headModules)
    {
        ArgumentNullException.ThrowIfNull(headModules);
        string[] usual = headModules.Count == 0 ? [] : ["classifier", "score"];
        static bool Fits(string head, string name) => head == name || head.EndsWith("." + name, StringComparison.Ordinal);
        var strange = SavedModules.Where(name => !usual.Contains(name) && !headModules.Any(head => Fits(head, name))).ToArray();
        return strange.Length == 0
            ? [.. headModules.Where(head => SavedModules.Any(name => Fits(head, name)))]
            : throw new ConfigException(
                $"{Folder}: modules_to_save {string.Join(", ", strange)}: only the head of a model for classification is supported ({(headModules.Count == 0 ? "this model has none" : string.Join(", ", headModules))}).");
    }
}
