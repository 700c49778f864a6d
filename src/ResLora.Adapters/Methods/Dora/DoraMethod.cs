using ResLora.Adapters.Layers;
using ResLora.Adapters.Methods.Lora;
using ResLora.Formats.Peft;
using static TorchSharp.torch;

namespace ResLora.Adapters.Methods.Dora;

/// <summary>DoRA: LoRA on the directions of a weight's rows, and a trained length for each.</summary>
/// <remarks>Liu et al., arXiv:2402.09353.</remarks>
public sealed class DoraMethod : LoraMethod
{
    /// <inheritdoc />
    public override string Name => "dora";

    /// <inheritdoc />
    public override string Title => "DoRA";

    /// <inheritdoc />
    // PEFT 0.9 and older called a magnitude a module's weight.
    public override IReadOnlyList<string> FactorNames { get; } =
        ["lora_A.weight", "lora_B.weight", "lora_embedding_A", "lora_embedding_B", DoraBlock.MagnitudeName, DoraBlock.MagnitudeName + ".weight"];

    /// <inheritdoc />
    public override string? BesidesLora => "magnitudes (DoRA)";

    /// <inheritdoc />
    public override string PresentName(string factorName) =>
        factorName == DoraBlock.MagnitudeName + ".weight" ? DoraBlock.MagnitudeName : factorName;

    /// <inheritdoc />
    public override AdapterBlock CreateBlock(LayerSite site, AdapterConfig config, Generator generator) =>
        new DoraBlock(site, config, generator);

    /// <inheritdoc />
    public override bool Reads(PeftConfig file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.HasMagnitudes;
    }

    /// <inheritdoc />
    public override AdapterConfig ReadPeft(PeftConfig file, AdapterConfig config) => base.ReadPeft(file, config) with { Method = Name };

    /// <inheritdoc />
    public override void WritePeft(AdapterConfig config, IDictionary<string, object?> keys)
    {
        base.WritePeft(config, keys);
        keys["use_dora"] = true;
    }
}
