using ResLora.Formats.Errors;

namespace ResLora.Cli;

/// <summary>Reads <c>--column prompt=question</c>.</summary>
internal static class ColumnArguments
{
    /// <summary>The task's names of columns to the file's.</summary>
    /// <param name="arguments">The values given.</param>
    /// <exception cref="ConfigException">A value has no <c>=</c> or a name comes twice.</exception>
    public static IReadOnlyDictionary<string, string> Parse(IEnumerable<string> arguments)
    {
        var columns = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var argument in arguments)
        {
            var parts = argument.Split('=', 2);
            if (parts.Length != 2 || parts[0].Length == 0 || parts[1].Length == 0 || !columns.TryAdd(parts[0], parts[1]))
            {
                throw new ConfigException(
                    $"--column '{argument}' does not name a column; write NAME=COLUMN, such as prompt=question, each name once.");
            }
        }

        return columns;
    }
}
