using System.Globalization;
using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;

namespace ResLora.Text.Data.Labelling;

/// <summary>Turns the rows of one file into examples, and finds the labels where nobody has given them.</summary>
internal sealed class LabelledRows
{
    private readonly LabelledTaskSpec _spec;
    private readonly TaskSplit _split;
    private readonly LabelSet? _labels;
    private readonly bool _needsSecondText;
    private readonly IReadOnlyList<string> _text;
    private readonly IReadOnlyList<string> _secondText;
    private readonly IReadOnlyList<string> _label;
    private readonly IReadOnlyList<string> _index;
    private readonly Dictionary<string, int> _found = new(StringComparer.Ordinal);

    public LabelledRows(LabelledTaskSpec spec, ColumnMap columns, TaskSplit split, LabelSet? labels)
    {
        (_spec, _split, _labels) = (spec, split, labels);
        _text = Names(spec.Text);
        _secondText = Names(spec.SecondText);
        _label = Names(spec.Label);
        _index = Names(spec.Index);
        _needsSecondText = _secondText.Count > 0 && (!spec.SecondTextIsOptional || columns.Mapped.Contains(spec.SecondText[0]));
        if (spec.Orders is { } orders)
        {
            Layout = new TsvLayout(
                [.. _text, .. _secondText, .. _label, .. _index], [.. orders.Select(order => order.Split(' '))], spec.HasBrokenLines);
        }

        // What the user names is read and nothing else.
        IReadOnlyList<string> Names(IReadOnlyList<string> names) =>
            names.Count > 0 && columns.Mapped.Contains(names[0]) ? [columns[names[0]]] : names;
    }

    /// <summary>The rules for tab-separated files; null for the usual ones.</summary>
    public TsvLayout? Layout { get; }

    /// <summary>The example of a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="place">Its place among the rows, from 0.</param>
    /// <param name="before">Examples before it, the first of them, which it must be like.</param>
    /// <returns>The example; where labels are being found, its label is a number of <see cref="_found"/> until
    /// <see cref="Finish"/>.</returns>
    /// <exception cref="FileFormatException">The row is not in the layout.</exception>
    public LabelledText Example(Row row, long place, IReadOnlyList<LabelledText> before)
    {
        var text = Find(row, _text) ?? row.Require(_text[0]);
        if (!_spec.IsGlue && string.IsNullOrWhiteSpace(text))
        {
            throw row.Error($"column '{_text[0]}' is empty");
        }

        var secondText = Find(row, _secondText) ?? (_needsSecondText ? row.Require(_secondText[0]) : null);
        var example = WithLabel(row, new LabelledText(Index(row, place), text, secondText));
        if (before is [var first, ..])
        {
            if ((first.SecondText is null) != (secondText is null))
            {
                throw row.Error($"column '{_secondText[0]}' {(secondText is null ? "is missing, which earlier rows have" : "is there, which earlier rows do not have")}; give it in every row or in none");
            }

            if (first.IsLabelled != example.IsLabelled)
            {
                throw row.Error($"there is {(first.IsLabelled ? "no label, and earlier rows have" : "a label, and earlier rows have no")} one; label every row or none");
            }
        }

        return example;
    }

    /// <summary>The data, with labels in their order.</summary>
    /// <param name="texts">All examples.</param>
    /// <param name="broken">Lines left out.</param>
    /// <returns>The data.</returns>
    /// <exception cref="ConfigException">Fewer than two labels were found.</exception>
    public LabelledData Finish(IReadOnlyList<LabelledText> texts, int broken)
    {
        if (_spec.IsRegression || _labels is not null)
        {
            return new LabelledData(texts, _labels, broken);
        }

        var labels = LabelSet.Sorted(_found.Keys);
        var places = new int[labels.Count];
        foreach (var (name, number) in _found)
        {
            places[number] = labels.Find(name)!.Value;
        }

        return new LabelledData([.. texts.Select(text => text with { Label = places[text.Label!.Value] })], labels, broken);
    }

    private static string? Find(Row row, IReadOnlyList<string> names) => names.Select(row.Find).FirstOrDefault(value => value is not null);

    private long Index(Row row, long place)
    {
        if (Find(row, _index) is not { } text)
        {
            return place;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index)
            ? index
            : throw row.Error(
                $"column '{_index.First(name => row.Find(name) is not null)}' is {Row.Excerpt(text)}, expected a whole number");
    }

    private LabelledText WithLabel(Row row, LabelledText example)
    {
        var value = Find(row, _label)?.Trim() ?? "";
        if (value.Length == 0 || (_spec.IsGlue && Number(value) == -1))
        {
            return _split == TaskSplit.Test
                ? example
                : throw row.Error($"there is no label in column '{_label[0]}'. Every row of the {_split} split needs one; the row has: {string.Join(", ", row.Values.Keys)}");
        }

        return _spec.IsRegression ? example with { Score = Score(row, value) } : example with { Label = Label(row, value) };
    }

    private double Score(Row row, string value)
    {
        var score = Number(value);
        if (_spec.HighestScore is { } highest)
        {
            return score >= 0 && score <= highest ? score.Value : throw row.Error(
                $"the score is {Row.Excerpt(value)}, expected a number from 0 to {highest}");
        }

        return score ?? throw row.Error($"the score is {Row.Excerpt(value)}, expected a number");
    }

    private int Label(Row row, string value)
    {
        // Files have GLUE's labels as names or as numbers in GLUE's order, whatever the order of the classifier.
        var name = _spec.Labels is { } own && own.Find(value) is null && Number(value) is { } number && number >= 0 && number < own.Count
            && number == (int)number
            ? own.Names[(int)number]
            : value;
        if (_labels is null)
        {
            return _found.TryGetValue(name, out var seen) ? seen : _found[name] = _found.Count;
        }

        return _labels.Find(name)
            ?? throw row.Error($"the label is {Row.Excerpt(value)}.{NearestName.Suggestion(value, _labels.Names)} Expected one of: {string.Join(", ", _labels.Names)}");
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
