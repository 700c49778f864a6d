using System.Text.Json.Serialization;

namespace ResLora.Adapters.Methods.AdaLora;

/// <summary>How AdaLoRA divides its budget of ranks among the blocks while it trains.</summary>
/// <remarks>Zhang et al., arXiv:2303.10512, section 3 and appendix A; PEFT's names are in docs/methods.md.</remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdaLoraConfig
{
    private const double MaxWeight = 1_000_000;

    /// <summary>
    /// The rank that a block keeps on average; all blocks begin with the adapter's rank. Default two thirds of it, rounded up.
    /// </summary>
    public int? TargetRank { get; init; }

    /// <summary>The steps at the beginning in which nothing is pruned. Default a tenth of the run.</summary>
    public int? WarmupSteps { get; init; }

    /// <summary>The steps at the end in which what is kept stays as it is. Default three tenths of the run.</summary>
    public int? FinalSteps { get; init; }

    /// <summary>The steps from one division of the budget to the next. Default 1.</summary>
    public int Interval { get; init; } = 1;

    /// <summary>How much of the sensitivity's running mean stays from step to step, between 0 and 1. Default 0.85.</summary>
    public double Beta1 { get; init; } = 0.85;

    /// <summary>The same of the uncertainty's. Default 0.85.</summary>
    public double Beta2 { get; init; } = 0.85;

    /// <summary>What the penalty for factors that are not orthogonal is multiplied by; 0 for none. Default 0.5.</summary>
    public double OrthogonalWeight { get; init; } = 0.5;

    /// <summary>The schedule of the run that made a folder, as PEFT writes it down; null where it is not known.</summary>
    internal AdaLoraSchedule? Schedule { get; init; }

    /// <summary>Which entries a folder of PEFT's holds, by the end of a module's name; modules that are not there have all.</summary>
    internal IReadOnlyDictionary<string, IReadOnlyList<bool>> Kept { get; init; } = new Dictionary<string, IReadOnlyList<bool>>();

    /// <summary>The rank that a block keeps on average.</summary>
    /// <param name="rank">The rank that blocks begin with.</param>
    /// <returns>1 or more.</returns>
    public int TargetOf(int rank) => TargetRank ?? ((2 * rank) + 2) / 3;

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <param name="rank">The rank that blocks begin with.</param>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems(int rank)
    {
        if (TargetRank is { } target && (target < 1 || target > rank))
        {
            yield return $"adaLora.targetRank is {target}; it must be from 1 to rank, which is {rank}";
        }

        foreach (var (name, value) in new[] { ("warmupSteps", WarmupSteps), ("finalSteps", FinalSteps) })
        {
            if (value < 0)
            {
                yield return $"adaLora.{name} is {value}; it must be 0 or more";
            }
        }

        if (Interval < 1)
        {
            yield return $"adaLora.interval is {Interval}; it must be 1 or more";
        }

        foreach (var (name, value) in new[] { ("beta1", Beta1), ("beta2", Beta2) })
        {
            if (!(value is > 0 and < 1))
            {
                yield return $"adaLora.{name} is {value}; it must lie between 0 and 1";
            }
        }

        if (!(OrthogonalWeight is >= 0 and <= MaxWeight))
        {
            yield return $"adaLora.orthogonalWeight is {OrthogonalWeight}; it must be from 0 to {MaxWeight}";
        }
    }
}
