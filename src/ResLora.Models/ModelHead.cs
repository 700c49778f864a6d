using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ResLora.Models;

/// <summary>What a network with a head predicts.</summary>
public enum ModelHeadKind
{
    /// <summary>One of several labels for a text or a picture.</summary>
    Labels,

    /// <summary>A number for a text or a picture.</summary>
    Score,

    /// <summary>The tokens that were hidden from the model.</summary>
    MaskedTokens,
}

/// <summary>The head of a network.</summary>
/// <param name="Kind">What it predicts.</param>
/// <param name="Labels">The labels' names in the order of the outputs; for a score the output's name; empty for masked tokens.</param>
public sealed record ModelHead(ModelHeadKind Kind, IReadOnlyList<string> Labels)
{
    /// <summary>
    /// The most outputs that are believed of a file: far above any label set there is, and low enough that a head of that size fits into
    /// memory.
    /// </summary>
    public const int MostOutputs = 100_000;

    private const int MostLabelsInWords = 20;

    /// <summary>A head for a number.</summary>
    public static ModelHead Score { get; } = new(ModelHeadKind.Score, [DefaultLabel(0)]);

    /// <summary>A head for masked tokens.</summary>
    public static ModelHead MaskedTokens { get; } = new(ModelHeadKind.MaskedTokens, []);

    /// <summary>N, how many outputs a text or a picture has; 0 for masked tokens.</summary>
    [JsonIgnore]
    public int Outputs => Labels.Count;

    /// <summary>A head for labels.</summary>
    /// <param name="labels">Their names, two or more.</param>
    /// <returns>The head.</returns>
    public static ModelHead ForLabels(IReadOnlyList<string> labels) => new(ModelHeadKind.Labels, labels);

    /// <summary>A head of so many outputs without names: one is a score, more are labels.</summary>
    /// <param name="outputs">How many, at least one.</param>
    /// <returns>The head.</returns>
    public static ModelHead OfOutputs(int outputs) =>
        outputs == 1 ? Score : ForLabels([.. Enumerable.Range(0, outputs).Select(DefaultLabel)]);

    /// <summary>The name that Hugging Face gives to a label without one.</summary>
    /// <param name="index">The output, from 0.</param>
    /// <returns><c>LABEL_0</c> and so on.</returns>
    public static string DefaultLabel(int index) => $"LABEL_{index}";

    /// <summary>What the head predicts, in words; of many labels the first.</summary>
    internal string InWords() => Kind switch
    {
        ModelHeadKind.MaskedTokens => "masked tokens",
        ModelHeadKind.Score => "a score",
        _ when Outputs <= MostLabelsInWords => $"labels {string.Join(", ", Labels)}",
        _ => $"{Outputs} labels: {string.Join(", ", Labels.Take(MostLabelsInWords))}, ...",
    };

    /// <summary>Says in a configuration what the head predicts, by Hugging Face's keys.</summary>
    /// <param name="config">The content of config.json, which is changed.</param>
    public void Describe(JsonObject config)
    {
        ArgumentNullException.ThrowIfNull(config);
        foreach (var key in new[] { "id2label", "label2id", "num_labels", "problem_type" })
        {
            config.Remove(key);
        }

        if (Kind == ModelHeadKind.MaskedTokens)
        {
            return;
        }

        config["id2label"] = new JsonObject(
            Labels.Select((label, i) => KeyValuePair.Create(i.ToString(CultureInfo.InvariantCulture), (JsonNode?)label)));
        config["label2id"] = new JsonObject(Labels.Select((label, i) => KeyValuePair.Create(label, (JsonNode?)i)));
        config["num_labels"] = Outputs;
        config["problem_type"] = Kind == ModelHeadKind.Score ? "regression" : "single_label_classification";
    }
}
