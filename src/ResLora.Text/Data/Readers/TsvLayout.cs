using ResLora.Formats.Errors;

namespace ResLora.Text.Data.Readers;

/// <summary>What a data set's own <c>.tsv</c> files may look like beyond a header line and rows alike.</summary>
/// <param name="HeaderNames">Names of columns; a first line with one of them as a field is a header line.</param>
/// <param name="Orders">The columns of files without a header line; no two are alike in number.</param>
/// <param name="HasBrokenLines">Whether a line with more or fewer fields is a row without values instead of an error.</param>
internal sealed record TsvLayout(IReadOnlyCollection<string> HeaderNames, IReadOnlyList<IReadOnlyList<string>> Orders, bool HasBrokenLines)
{
    /// <summary>Whether a first line is the header line.</summary>
    public bool IsHeader(IEnumerable<string> fields) => fields.Any(HeaderNames.Contains);

    /// <summary>The columns of a file without a header line.</summary>
    /// <param name="first">The fields of its first line.</param>
    /// <param name="path">The file, for the error.</param>
    /// <returns>The columns, as many as there are fields.</returns>
    /// <exception cref="FileFormatException">The data set has no layout of so many columns.</exception>
    public IReadOnlyList<string> ColumnsOf(IReadOnlyList<string> first, string path) =>
        Orders.FirstOrDefault(order => order.Count == first.Count)
        ?? throw new FileFormatException(
            $"{path}, line 1: {first.Count} fields, none of them a column's name ({string.Join(", ", HeaderNames)}); "
            + $"without a header line the columns are {string.Join(", or ", Orders.Select(order => string.Join(" ", order)))}, with tabs between.");
}
