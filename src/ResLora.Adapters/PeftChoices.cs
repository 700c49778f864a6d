using System.Text.Json;
using ResLora.Formats.Peft;

namespace ResLora.Adapters;

/// <summary>What a PEFT configuration says of a model's modules that only the model and the tensors can settle.</summary>
/// <param name="Targets">Which modules get blocks.</param>
/// <param name="Tokens">Ids of trained tokens by the end of a module's name; an empty name stands for the model's own embedding.</param>
internal sealed record PeftChoices(PeftTargets Targets, IReadOnlyDictionary<string, long[]> Tokens)
{
    /// <summary>Reads them.</summary>
    /// <param name="config">The configuration.</param>
    /// <exception cref="JsonException">A key holds another kind of value.</exception>
    public static PeftChoices Of(PeftConfig config) => new(new PeftTargets(config), config.TrainedTokens switch
    {
        null or { ValueKind: JsonValueKind.Null } => new Dictionary<string, long[]>(),
        { ValueKind: JsonValueKind.Array } ids => new Dictionary<string, long[]> { [""] = ids.Deserialize<long[]>()! },
        { } named => named.Deserialize<Dictionary<string, long[]>>()!,
    });

    /// <summary>The trained tokens of a module; null when it has none.</summary>
    /// <param name="moduleName">Its dotted name.</param>
    public long[]? TokensOf(string moduleName) =>
        Tokens.FirstOrDefault(pair => moduleName.EndsWith(pair.Key, StringComparison.Ordinal)).Value;
}
