using ResLora.Formats.Errors;

namespace ResLora.Text.Data;

/// <summary>Says which column of the user's file plays which part in a task. A part that is not mentioned has its own name.</summary>
/// <param name="names">The task's name of a column to the file's name of it, for example <c>prompt</c> to <c>question</c>.</param>
public sealed class ColumnMap(IReadOnlyDictionary<string, string> names)
{
    /// <summary>Every column under the task's own name.</summary>
    public static ColumnMap Default { get; } = new(new Dictionary<string, string>());

    /// <summary>The task's names that are mapped.</summary>
    public IEnumerable<string> Mapped => names.Keys;

    /// <summary>The file's name of a column.</summary>
    /// <param name="column">The task's name of it.</param>
    public string this[string column] => names.GetValueOrDefault(column, column);

    /// <summary>Refuses a name that no column of a reader has.</summary>
    /// <param name="known">The reader's own names.</param>
    /// <exception cref="ConfigException">Another one is mapped.</exception>
    public void RequireAmong(IReadOnlyList<string> known)
    {
        ArgumentNullException.ThrowIfNull(known);
        if (Mapped.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            throw new ConfigException(
                $"There is no column '{unknown}' to name.{NearestName.Suggestion(unknown, known)} Columns: {string.Join(", ", known)}.");
        }
    }
}
