namespace ResLora.Adapters.LoraFiles;

/// <summary>A tensor's name, taken apart.</summary>
/// <param name="Name">The name in the file.</param>
/// <param name="Module">What stands before the factor: the module's name as the file has it.</param>
/// <param name="Factor">The factor in PEFT's words, such as <c>lora_A.weight</c>, or <see cref="Alpha"/>.</param>
/// <param name="IsProcessor">Whether the module is named as a part of an attention processor, as diffusers did before 0.20.</param>
public sealed record LoraFileTensor(string Name, string Module, string Factor, bool IsProcessor = false)
{
    /// <summary>The factor of an alpha.</summary>
    public const string Alpha = "alpha";

    /// <summary>The factor A.</summary>
    public const string A = "lora_A.weight";

    /// <summary>The factor B.</summary>
    public const string B = "lora_B.weight";

    /// <summary>The factor of DoRA's lengths of rows.</summary>
    public const string Magnitude = "lora_magnitude_vector";

    // The end of a name and the factor that it says. No end is the end of another that comes later.
    private static readonly (string End, string Factor)[] _ends =
    [
        (".lora_A.weight", A), (".lora_B.weight", B),
        (".lora.down.weight", A), (".lora.up.weight", B),
        (".lora_linear_layer.down.weight", A), (".lora_linear_layer.up.weight", B),
        (".lora_down.weight", A), (".lora_up.weight", B),
        (".lora_magnitude_vector.weight", Magnitude), (".lora_magnitude_vector", Magnitude), (".dora_scale", Magnitude),
        (".alpha", Alpha),
        .. ((string[])["hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"]).Select(name => ("." + name, name)),
        .. (
            (string[])["lokr_w1_a", "lokr_w1_b", "lokr_w1", "lokr_w2_a", "lokr_w2_b", "lokr_w2", "lokr_t2"]).Select(name =>
                ("." + name, name)),
    ];

    private static readonly (string End, string Factor)[] _processorEnds = [("_lora.down.weight", A), ("_lora.up.weight", B)];

    /// <summary>Takes a name apart.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <returns>Its parts; null for a name that is none of a LoRA's.</returns>
    public static LoraFileTensor? Of(string name)
    {
        static bool Ends(string name, string end) => name.Length > end.Length && name.EndsWith(end, StringComparison.Ordinal);
        if (Array.Find(_ends, entry => Ends(name, entry.End)) is ({ } end, { } factor))
        {
            return new LoraFileTensor(name, name[..^end.Length], factor);
        }

        return Array.Find(_processorEnds, entry => Ends(name, entry.End)) is ({ } old, { } part)
            ? new LoraFileTensor(name, name[..^old.Length], part, IsProcessor: true)
            : null;
    }
}
