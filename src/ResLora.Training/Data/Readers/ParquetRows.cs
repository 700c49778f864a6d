using System.Collections;
using System.Globalization;
using System.Text.Json;
using Parquet;
using Parquet.Serialization;
using ResLora.Formats.Errors;

namespace ResLora.Training.Data.Readers;

/// <summary>Reads Parquet files, one row group at a time.</summary>
internal static class ParquetRows
{
    // Row counts come from the file and decide what is allocated; writers make groups of about a million rows or fewer.
    private const long MaxGroupRows = 20_000_000;

    /// <summary>Reads the rows lazily.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The rows; <see cref="Row.Where"/> is the row's number from 1.</returns>
    /// <exception cref="FileFormatException">The file is not Parquet, is damaged, or declares an absurd number of rows.</exception>
    public static IEnumerable<Row> Read(string path)
    {
        var number = 0L;
        foreach (var count in Guarded(path, () => GroupSizes(path)).Select((rows, index) => (rows, index)))
        {
            if (count.rows is < 0 or > MaxGroupRows)
            {
                throw new FileFormatException($"{path}, row group {count.index}: declares {count.rows} rows, at most {MaxGroupRows} are read.");
            }

            foreach (var values in Guarded(path, () => Group(path, count.index)))
            {
                yield return new Row(path, $"row {++number}", values);
            }
        }
    }

    private static List<long> GroupSizes(string path) => Task.Run(async () =>
    {
        await using var reader = await ParquetReader.CreateAsync(path);
        return Enumerable.Range(0, reader.RowGroupCount).Select(index =>
        {
            using var group = reader.OpenRowGroupReader(index);
            return group.RowCount;
        }).ToList();
    }).GetAwaiter().GetResult();

    private static List<Dictionary<string, string>> Group(string path, int index) => Task.Run(async () =>
    {
        await using var file = File.OpenRead(path);
        var group = await ParquetSerializer.DeserializeUntypedAsync(file, new ParquetOptions { TreatByteArrayAsString = true }, index);
        return group.Data.Select(row => row
            .Where(cell => cell.Value is not null)
            .ToDictionary(cell => cell.Key, cell => Text(cell.Value!), StringComparer.Ordinal)).ToList();
    }).GetAwaiter().GetResult();

    private static string Text(object value) => value switch
    {
        string text => text,
        bool truth => truth ? "true" : "false",
        IEnumerable nested => JsonSerializer.Serialize<object>(nested),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    // The library answers damaged bytes with whatever exception the damage leads to.
    private static T Guarded<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is not (ResLoraException or OutOfMemoryException))
        {
            throw new FileFormatException($"{path} cannot be read as Parquet: {error.Message}", error);
        }
    }
}
