using System.Globalization;

namespace ResLora.Models;

/// <summary>What a config.json says of a head for labels or for a score.</summary>
/// <param name="LabelNames"><c>id2label</c>: the labels' names by number; null or empty where there are none.</param>
/// <param name="LabelCount"><c>num_labels</c>: the number of outputs where there are no names; null means 2.</param>
/// <param name="ProblemType"><c>problem_type</c>: null means regression for a single output.</param>
internal sealed record ConfiguredHead(IReadOnlyDictionary<string, string>? LabelNames, int? LabelCount, string? ProblemType)
{
    private const string Regression = "regression";
    private const string OneLabel = "single_label_classification";
    private const int UsualCount = 2;

    /// <summary>The head: one output is a score, more are labels. Only for what has no <see cref="Problems"/>.</summary>
    public ModelHead Head
    {
        get
        {
            var labels = LabelNames is { Count: > 0 } names
                ? [.. names.OrderBy(name => int.Parse(name.Key, CultureInfo.InvariantCulture)).Select(name => name.Value)]
                : ModelHead.OfOutputs(LabelCount ?? UsualCount).Labels;
            return labels.Count == 1 ? new ModelHead(ModelHeadKind.Score, labels) : ModelHead.ForLabels(labels);
        }
    }

    /// <summary>What is wrong or not supported, a phrase each.</summary>
    public IEnumerable<string> Problems()
    {
        if (LabelNames is { Count: > 0 } names)
        {
            if (Enumerable.Range(0, names.Count).Any(i => !names.ContainsKey(i.ToString(CultureInfo.InvariantCulture))))
            {
                yield return $"id2label has {names.Count} labels, which are not numbered 0 to {names.Count - 1}";
            }
            else if (names.Values.Any(string.IsNullOrWhiteSpace))
            {
                yield return "id2label has a label without a name";
            }
            else if (names.Values.Distinct(StringComparer.Ordinal).Count() < names.Count)
            {
                yield return "id2label gives two labels one name";
            }
        }
        else if (LabelCount is < 1 or > ModelHead.MostOutputs)
        {
            yield return $"num_labels is {LabelCount}; it must be from 1 to {ModelHead.MostOutputs}";
        }

        if (ProblemType is not (null or Regression or OneLabel))
        {
            yield return $"problem_type '{ProblemType}' is not supported (supported: {Regression}, {OneLabel})";
        }

        // Labels and a score are told apart by the number of outputs; a file that says otherwise was trained for something else.
        var outputs = LabelNames is { Count: > 0 } ? LabelNames.Count : LabelCount ?? UsualCount;
        if (ProblemType == (outputs == 1 ? OneLabel : Regression))
        {
            yield return $"problem_type '{ProblemType}' with {outputs} {(outputs == 1 ? "output" : "outputs")} is not supported: "
                + "one output is a score, more are labels";
        }
    }

    /// <summary>What two keys say differently, and which of them holds, a sentence each; empty when they agree.</summary>
    public IEnumerable<string> Notes()
    {
        if (LabelNames is { Count: > 0 } names && LabelCount is { } count && count != names.Count)
        {
            yield return $"num_labels is {count}, and id2label has {names.Count} labels: id2label holds.";
        }
    }
}
