using System.Globalization;
using ResLora.Text.Data.Labelling;

namespace ResLora.Experiments.Workloads;

/// <summary>How labels are spread, in words.</summary>
internal static class LabelBalance
{
    /// <summary>Every label with its share and its count; a sentence where there is none.</summary>
    public static string Describe(IReadOnlyList<ClassShare> balance) => balance.Count == 0
        ? "none: a score is learnt"
        : string.Join(
            ", ",
            balance.Select(label => string.Create(CultureInfo.InvariantCulture, $"{label.Label} {label.Share:0.0 %} ({label.Count:N0})")));
}
