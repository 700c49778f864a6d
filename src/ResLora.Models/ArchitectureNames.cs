namespace ResLora.Models;

/// <summary>What the <c>architectures</c> of a config.json say of a model's head.</summary>
internal static class ArchitectureNames
{
    /// <summary>
    /// What the classes are for: <c>CausalLM</c> of <c>LlamaForCausalLM</c>; nothing for a model without a head, such as <c>LlamaModel</c>.
    /// </summary>
    public static IEnumerable<string> Heads(IEnumerable<string?>? architectures) =>
        from name in architectures ?? []
        let start = name?.LastIndexOf("For", StringComparison.Ordinal) ?? -1
        where start > 0
        select name[(start + "For".Length)..];
}
