using System.Text.Json.Serialization;
using ResLora.Adapters.Methods.AdaLora;
using ResLora.Adapters.Methods.DyLora;
using ResLora.Adapters.Methods.Ia3;
using ResLora.Adapters.Methods.Loha;
using ResLora.Adapters.Methods.Lokr;
using ResLora.Adapters.Methods.Lora;
using ResLora.Adapters.Methods.Vera;
using ResLora.Formats.Errors;

namespace ResLora.Adapters;

/// <summary>
/// An adapter: by which method it is trained, which layers it goes on, how large it is, and which shortcut joins its blocks.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdapterConfig
{
    internal const int MaxRank = 65536;

    private const double MaxAlpha = 1_000_000_000;

    internal const string UsualMethod = "lora";

    /// <summary>The method: lora, dora and others, as <c>docs/methods.md</c> lists them. Default lora.</summary>
    // Absent where it is the usual one, so that files and runs of versions that knew no other stay what they are.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Method
    {
        get;
        init => field = value == UsualMethod ? null : value;
    }

    /// <summary>R, the rank of every block. Default 8.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>The strength of the update; the scaling is alpha / rank. Default 16.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>The share of a block's input that is set to 0 in training, 0 up to but not including 1. Default 0.</summary>
    public double Dropout { get; init; }

    /// <summary>Whether the scaling is alpha / √rank. Default false.</summary>
    public bool RankStabilized { get; init; }

    /// <summary>AdaLoRA's own settings; for method adalora only. Default theirs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AdaLoraConfig? AdaLora { get; init; }

    /// <summary>
    /// Which linear layers get a block. Default: those that project queries and values, by the names of the model's family: q_proj and
    /// v_proj for Llama and its kin, query and value for BERT, RoBERTa and ViT.
    /// </summary>
    public TargetModules? Targets { get; init; }

    /// <summary>Which of them are left out again, by suffix or regular expression. Default none.</summary>
    public TargetModules? Exclude { get; init; }

    /// <summary>What LoRA and DoRA have besides; null for the usual.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LoraSettings? Lora { get; init; }

    /// <summary>What DyLoRA has besides; null for the usual.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DyLoraSettings? DyLora { get; init; }

    /// <summary>What LoHa has besides; null for the usual.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LohaSettings? Loha { get; init; }

    /// <summary>What LoKr has besides; null for the usual.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LokrSettings? Lokr { get; init; }

    /// <summary>What (IA)³ has besides; null for the usual.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Ia3Settings? Ia3 { get; init; }

    /// <summary>What VeRA has besides; null for the usual.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public VeraSettings? Vera { get; init; }

    /// <summary>The shortcut; default none.</summary>
    public ShortcutConfig Shortcut { get; init; } = new();

    /// <summary>What <see cref="Method"/> names.</summary>
    /// <exception cref="ConfigException">There is no such method.</exception>
    [JsonIgnore]
    public AdapterMethod Kind => AdapterMethods.Find(Method ?? UsualMethod)
        ?? throw new ConfigException($"adapter: {AdapterMethods.Unknown(Method!)}.");

    /// <summary>s, the factor of every update.</summary>
    [JsonIgnore]
    public double Scaling => Kind.Scaling(this);

    /// <summary>The same settings, with targets where they name none.</summary>
    /// <param name="usual">The usual targets of the model's family, by suffix.</param>
    /// <returns>Settings that an adapter can be made from.</returns>
    public AdapterConfig WithUsualTargets(IEnumerable<string> usual) =>
        Targets is null ? this with { Targets = TargetModules.Suffixes(usual) } : this;

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (Rank is < 1 or > MaxRank)
        {
            yield return $"rank is {Rank}; it must be from 1 to {MaxRank}";
        }

        if (!(Alpha is > 0 and <= MaxAlpha))
        {
            yield return $"alpha is {Alpha}; it must be above 0 and at most {MaxAlpha}";
        }

        if (!(Dropout is >= 0 and < 1))
        {
            yield return $"dropout is {Dropout}; it must be from 0 up to but not including 1";
        }

        if (AdapterMethods.Find(Method ?? UsualMethod) is not { } method)
        {
            yield return AdapterMethods.Unknown(Method!);
        }
        else
        {
            foreach (var problem in method.Problems(this).Concat(ForeignSettings(method)))
            {
                yield return problem;
            }

            if (Shortcut.Kind != ShortcutKind.None && Enum.IsDefined(Shortcut.Kind) && method.WhyNot(Shortcut.Kind) is { } reason)
            {
                yield return $"shortcut.kind is {Shortcut.Kind.ToString().ToLowerInvariant()}, which {method.Title} has no meaning for: {reason}";
            }
        }

        foreach (var problem in (Targets?.Problems("targets") ?? []).Concat(Exclude?.Problems("exclude") ?? []).Concat(Shortcut.Problems()))
        {
            yield return problem;
        }
    }

    /// <summary>Settings of other methods, which nothing would read.</summary>
    private IEnumerable<string> ForeignSettings(AdapterMethod method)
    {
        (string Key, object? Value, string[] Owners)[] settings =
        [
            ("lora", Lora, [UsualMethod, "dora"]),
            ("adaLora", AdaLora, ["adalora"]),
            ("dyLora", DyLora, ["dylora"]),
            ("loha", Loha, ["loha"]),
            ("lokr", Lokr, ["lokr"]),
            ("ia3", Ia3, ["ia3"]),
            ("vera", Vera, ["vera"]),
        ];
        return settings.Where(s => s.Value is not null && !s.Owners.Contains(method.Name))
            .Select(
                s => $"{s.Key} has settings of the method {string.Join(" and ", s.Owners)}, and method is {method.Name}; leave them out");
    }
}
