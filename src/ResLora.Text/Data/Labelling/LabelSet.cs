using System.Globalization;
using ResLora.Formats.Errors;

namespace ResLora.Text.Data.Labelling;

/// <summary>The labels of a classification in their order: output i of the classifier stands for name i.</summary>
public sealed class LabelSet
{
    /// <summary>The most labels: what is predicted for what is a table with a cell for each two of them.</summary>
    public const int MostLabels = 1000;

    private readonly Dictionary<string, int> _places;

    /// <summary>Takes names in order.</summary>
    /// <param name="names">Two names or more, none twice, none empty.</param>
    /// <exception cref="ConfigException">There are fewer, or more than <see cref="MostLabels"/>, or a name is empty or there
    /// twice.</exception>
    public LabelSet(IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        Names = [.. names];
        if (Names.Count < 2)
        {
            throw new ConfigException(
                $"A classification needs two labels or more, found {(Names.Count == 0 ? "none" : $"only '{Names[0]}'")}.");
        }

        if (Names.Count > MostLabels)
        {
            throw new ConfigException($"A classification has at most {MostLabels} labels, found {Names.Count}; is the label a number to be predicted (task regression), or the wrong column?");
        }

        _places = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in Names)
        {
            if (string.IsNullOrWhiteSpace(name))
            {
                throw new ConfigException("A label's name is empty; name every label.");
            }

            if (!_places.TryAdd(name, _places.Count))
            {
                throw new ConfigException($"Label '{name}' is named twice; name every label once.");
            }
        }
    }

    /// <summary>The names in order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>How many there are, two or more.</summary>
    public int Count => Names.Count;

    /// <summary>The labels found in training data: whole numbers by value when all are such, else by their characters' codes.</summary>
    /// <param name="names">The names, each once.</param>
    /// <returns>The set, the same for the same names in whatever order.</returns>
    /// <exception cref="ConfigException">There are fewer than two.</exception>
    public static LabelSet Sorted(IReadOnlyCollection<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var byText = names.Order(StringComparer.Ordinal);
        return new LabelSet(names.All(name => Number(name) is not null) ? byText.OrderBy(Number) : byText);
    }

    /// <summary>The place of a label.</summary>
    /// <param name="name">The name, case included.</param>
    /// <returns>0 to <see cref="Count"/> − 1, or null when there is no such label.</returns>
    public int? Find(string name) => _places.TryGetValue(name, out var place) ? place : null;

    private static long? Number(string name) =>
        long.TryParse(name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}
