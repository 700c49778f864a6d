using System.Text.Json.Serialization;

namespace ResLora.Models;

/// <summary>What an encoder predicts.</summary>
public enum TextHeadKind
{
    /// <summary>One of several labels for a text.</summary>
    Labels,

    /// <summary>A number for a text.</summary>
    Score,

    /// <summary>The tokens that were hidden from the model.</summary>
    MaskedTokens,
}

/// <summary>The head of an encoder.</summary>
/// <param name="Kind">What it predicts.</param>
/// <param name="Labels">The labels' names in the order of the outputs; for a score the output's name; empty for masked tokens.</param>
public sealed record TextHead(TextHeadKind Kind, IReadOnlyList<string> Labels)
{
    /// <summary>
    /// The most outputs that are believed of a file: far above any label set there is, and low enough that a head of that size fits into
    /// memory.
    /// </summary>
    public const int MostOutputs = 100_000;

    /// <summary>A head for a number.</summary>
    public static TextHead Score { get; } = new(TextHeadKind.Score, [DefaultLabel(0)]);

    /// <summary>A head for masked tokens.</summary>
    public static TextHead MaskedTokens { get; } = new(TextHeadKind.MaskedTokens, []);

    /// <summary>N, how many outputs a text has; 0 for masked tokens.</summary>
    [JsonIgnore]
    public int Outputs => Labels.Count;

    /// <summary>A head for labels.</summary>
    /// <param name="labels">Their names, two or more.</param>
    /// <returns>The head.</returns>
    public static TextHead ForLabels(IReadOnlyList<string> labels) => new(TextHeadKind.Labels, labels);

    /// <summary>A head of so many outputs without names: one is a score, more are labels.</summary>
    /// <param name="outputs">How many, at least one.</param>
    /// <returns>The head.</returns>
    public static TextHead OfOutputs(int outputs) =>
        outputs == 1 ? Score : ForLabels([.. Enumerable.Range(0, outputs).Select(DefaultLabel)]);

    /// <summary>The name that Hugging Face gives to a label without one.</summary>
    /// <param name="index">The output, from 0.</param>
    /// <returns><c>LABEL_0</c> and so on.</returns>
    public static string DefaultLabel(int index) => $"LABEL_{index}";
}
