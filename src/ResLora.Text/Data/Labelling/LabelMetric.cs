using System.Text.Json.Serialization;

namespace ResLora.Text.Data.Labelling;

/// <summary>A measure of predicted labels or scores.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LabelMetric>))]
public enum LabelMetric
{
    /// <summary>The share of right labels, 0 to 1.</summary>
    [JsonStringEnumMemberName("accuracy")] Accuracy,

    /// <summary>The share of examples whose right label is among the five rated highest, 0 to 1.</summary>
    [JsonStringEnumMemberName("top_5_accuracy")] Top5Accuracy,

    /// <summary>The harmonic mean of precision and recall of the positive class, 0 to 1.</summary>
    [JsonStringEnumMemberName("f1")] F1,

    /// <summary>The mean of all classes' F1, 0 to 1.</summary>
    [JsonStringEnumMemberName("macro_f1")] MacroF1,

    /// <summary>Matthews correlation, −1 to 1.</summary>
    [JsonStringEnumMemberName("matthews")] Matthews,

    /// <summary>Pearson's correlation of scores, −1 to 1.</summary>
    [JsonStringEnumMemberName("pearson")] Pearson,

    /// <summary>Spearman's correlation of ranks, −1 to 1.</summary>
    [JsonStringEnumMemberName("spearman")] Spearman,
}
