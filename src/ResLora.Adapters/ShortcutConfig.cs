using System.Text.Json.Serialization;

namespace ResLora.Adapters;

/// <summary>Which shortcut joins the blocks of neighbouring layers.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ShortcutKind>))]
public enum ShortcutKind
{
    /// <summary>None: plain LoRA.</summary>
    [JsonStringEnumMemberName("none")] None,

    /// <summary>The previous block's input is added to this block's input (equation 2).</summary>
    [JsonStringEnumMemberName("input")] Input,

    /// <summary>The previous blocks' updates are added to this block's update (equation 3).</summary>
    [JsonStringEnumMemberName("block")] Block,

    /// <summary>The previous blocks' low-rank activations are added to this block's (equation 4).</summary>
    [JsonStringEnumMemberName("middle")] Middle,
}

/// <summary>What the first block of a chain does under the input shortcut, having no block before it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FirstBlock>))]
public enum FirstBlock
{
    /// <summary>Its own input counts twice, as in the paper: magnitudes are alike along the chain.</summary>
    [JsonStringEnumMemberName("doubled")] Doubled,

    /// <summary>It has no shortcut: plain LoRA.</summary>
    [JsonStringEnumMemberName("single")] Once,
}

/// <summary>The shortcut of a ResLoRA adapter.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ShortcutConfig
{
    /// <summary><see cref="PreviousCount"/> for all previous blocks.</summary>
    public const int AllPrevious = -1;

    /// <summary>The structure; default none, which is plain LoRA.</summary>
    public ShortcutKind Kind { get; init; } = ShortcutKind.None;

    /// <summary>
    /// m, how many previous blocks are read: <c>all</c> or −1 for all, 0 for none, which computes what plain LoRA does. Default 1. The
    /// input shortcut reads exactly 1.
    /// </summary>
    [JsonConverter(typeof(PreviousCountConverter))]
    public int PreviousCount { get; init; } = 1;

    /// <summary>What the first block of a chain does under the input shortcut. Default doubled, as in the paper.</summary>
    public FirstBlock FirstBlock { get; init; } = FirstBlock.Doubled;

    /// <summary>
    /// The last part of training, as a share of it from 0 to 1, in which shortcuts are annealed: γ falls from 1 to 0 over the part's first
    /// half and stays 0 over its second, where the blocks settle. The adapter ends as plain LoRA and its merge is exact. A block's own term
    /// stays; the doubling of a first block goes with γ. 0.8 is a good value. Default 0: γ stays 1, as in the paper.
    /// </summary>
    public double Anneal { get; init; }

    /// <summary>What <see cref="Kind"/> takes from earlier blocks.</summary>
    [JsonIgnore]
    public ShortcutTraits Traits => ShortcutTraits.Of(Kind);

    /// <summary>γ, the shortcut's weight, while a training step is made.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="steps">All steps of the run.</param>
    /// <returns>From 1 to 0; always 1 without annealing, 0 in the last step with it.</returns>
    public double WeightAt(int step, int steps)
    {
        // Straight to the end of training would leave nothing to settle in: the learning rate is near 0 there.
        var part = Anneal * steps;
        return Anneal == 0 ? 1 : Math.Clamp(1 - ((step + 1 - steps + part) / (part / 2)), 0, 1);
    }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        // Configurations may write names as numbers, and any number becomes a value of the enum.
        if (!Enum.IsDefined(Kind))
        {
            yield return $"shortcut.kind is {Kind}; it must be none, input, block or middle";
        }

        if (!Enum.IsDefined(FirstBlock))
        {
            yield return $"shortcut.firstBlock is {FirstBlock}; it must be doubled or single";
        }

        if (PreviousCount < AllPrevious)
        {
            yield return $"shortcut.previousCount is {PreviousCount}; it must be 0 or more, or all";
        }
        else if (Kind == ShortcutKind.Input && PreviousCount != 1)
        {
            yield return $"shortcut.previousCount is {PreviousCount}; the input shortcut reads exactly 1 previous block";
        }

        if (!(Anneal is >= 0 and <= 1))
        {
            yield return $"shortcut.anneal is {Anneal}; it must be from 0 (never) to 1 (all of training)";
        }
        else if (Anneal > 0 && Kind == ShortcutKind.None)
        {
            yield return $"shortcut.anneal is {Anneal}, and there is no shortcut to anneal; set shortcut.kind or leave it out";
        }
    }
}
