namespace ResLora.Text.Data.Labelling;

/// <summary>The examples of a split.</summary>
/// <param name="Texts">The examples in file order, at least one; all have a label, or none has.</param>
/// <param name="Labels">What the numbers in <see cref="LabelledText.Label"/> stand for; null for regression.</param>
/// <param name="BrokenLines">Lines of the data set's own file that are no rows, which were left out; 0 for all tasks but QQP.</param>
public sealed record LabelledData(IReadOnlyList<LabelledText> Texts, LabelSet? Labels, int BrokenLines = 0)
{
    /// <summary>Whether the examples have labels or scores.</summary>
    public bool IsLabelled => Texts[0].IsLabelled;

    /// <summary>How the labels are spread over the examples.</summary>
    /// <returns>Every label in order; empty for regression and without labels.</returns>
    public IReadOnlyList<ClassShare> Balance()
    {
        if (Labels is null || !IsLabelled)
        {
            return [];
        }

        var counts = new int[Labels.Count];
        foreach (var text in Texts)
        {
            counts[text.Label!.Value]++;
        }

        return [.. Labels.Names.Zip(counts, (name, count) => new ClassShare(name, count, (double)count / Texts.Count))];
    }
}
