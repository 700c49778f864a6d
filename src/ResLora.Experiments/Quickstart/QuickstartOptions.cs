using ResLora.Adapters;

namespace ResLora.Experiments.Quickstart;

/// <summary>What the quickstart compares.</summary>
public sealed record QuickstartOptions
{
    /// <summary>
    /// The sample's folder, with base/ and data/; null looks for samples/word-problems around the current folder and the program.
    /// </summary>
    public string? Sample { get; init; }

    /// <summary>The shortcut that is held against plain LoRA. Default input.</summary>
    public ShortcutKind Structure { get; init; } = ShortcutKind.Input;

    /// <summary>Optimizer steps of each run. Default 200.</summary>
    public int Steps { get; init; } = 200;

    /// <summary>Held-out problems that are answered. Default 200.</summary>
    public int HeldOut { get; init; } = 200;

    /// <summary>The seed of data order and initial weights, the same for both runs. Default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>The folder to write; an earlier quickstart there is replaced.</summary>
    public required string Output { get; init; }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (Structure == ShortcutKind.None)
        {
            yield return "structure is none; it must be input, block or middle";
        }

        if (Steps < 1)
        {
            yield return $"steps is {Steps}; it must be 1 or more";
        }

        if (HeldOut < 1)
        {
            yield return $"held-out is {HeldOut}; it must be 1 or more";
        }
    }
}
