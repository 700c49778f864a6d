using System.Text.Json.Serialization;

namespace ResLora.Adapters;

/// <summary>A LoRA or ResLoRA adapter: which layers it goes on, how large it is, and which shortcut joins its blocks.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdapterConfig
{
    internal const int MaxRank = 65536;

    private const double MaxAlpha = 1_000_000_000;

    /// <summary>R, the rank of every block. Default 8.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>The strength of the update; the scaling is alpha / rank. Default 16.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>The share of a block's input that is set to 0 in training, 0 up to but not including 1. Default 0.</summary>
    public double Dropout { get; init; }

    /// <summary>Whether the scaling is alpha / √rank. Default false.</summary>
    public bool RankStabilized { get; init; }

    /// <summary>
    /// Which linear layers get a block. Default: those that project queries and values, by the names of the model's family: q_proj and
    /// v_proj for Llama and its kin, query and value for BERT and RoBERTa.
    /// </summary>
    public TargetModules? Targets { get; init; }

    /// <summary>Which of them are left out again, by suffix or regular expression. Default none.</summary>
    public TargetModules? Exclude { get; init; }

    /// <summary>The shortcut; default none, which is plain LoRA.</summary>
    public ShortcutConfig Shortcut { get; init; } = new();

    /// <summary>s, the factor of every B A.</summary>
    [JsonIgnore]
    public double Scaling => LoraMath.Scaling(Alpha, Rank, RankStabilized);

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

        foreach (var problem in (Targets?.Problems("targets") ?? []).Concat(Exclude?.Problems("exclude") ?? []).Concat(Shortcut.Problems()))
        {
            yield return problem;
        }
    }
}
