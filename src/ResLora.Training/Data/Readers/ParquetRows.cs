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

    // Far more than an honest file needs: Parquet.Net 6.1.0 loops for ever on some damaged metadata, and cannot be stopped.
    private static readonly TimeSpan _metadataPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _groupPatience = TimeSpan.FromMinutes(10);

    /// <summary>Reads the rows lazily.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The rows; <see cref="Row.Where"/> is the row's number from 1.</returns>
    /// <exception cref="FileFormatException">The file is not Parquet, is damaged, or declares an absurd number of rows.</exception>
    public static IEnumerable<Row> Read(string path)
    {
        var number = 0L;
        foreach (var (index, count) in Guarded(path, _metadataPatience, () => GroupSizesAsync(path)).Index())
        {
            if (count is < 0 or > MaxGroupRows)
            {
                throw new FileFormatException($"{path}, row group {index}: declares {count} rows, at most {MaxGroupRows} are read.");
            }

            var rows = Guarded(path, _groupPatience, () => GroupAsync(path, index));
            if (rows.Count != count)
            {
                throw new FileFormatException($"{path}, row group {index}: declares {count} rows, but {rows.Count} were found.");
            }

            foreach (var values in rows)
            {
                yield return new Row(path, $"row {++number}", values);
            }
        }
    }

    private static async Task<List<long>> GroupSizesAsync(string path)
    {
        await using var reader = await ParquetReader.CreateAsync(path);
        return [.. Enumerable.Range(0, reader.RowGroupCount).Select(index =>
        {
            using var group = reader.OpenRowGroupReader(index);
            return group.RowCount;
        })];
    }

    private static async Task<List<Dictionary<string, string>>> GroupAsync(string path, int index)
    {
        await using var file = File.OpenRead(path);
        var group = await ParquetSerializer.DeserializeUntypedAsync(file, new ParquetOptions { TreatByteArrayAsString = true }, index);
        return [.. group.Data.Select(row => row
            .Where(cell => cell.Value is not null)
            .ToDictionary(cell => cell.Key, cell => Text(cell.Value!), StringComparer.Ordinal))];
    }

    private static string Text(object value) => Plain(value) switch
    {
        string text => text,
        bool truth => truth ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        var nested => JsonSerializer.Serialize(nested),
    };

    // Inside lists and structs the library leaves texts as memory, which JSON would write letter by letter.
    private static object? Plain(object? value) => value switch
    {
        ReadOnlyMemory<char> text => text.ToString(),
        string or byte[] => value,
        IDictionary members => members.Keys.Cast<object>().ToDictionary(key => $"{Plain(key)}", key => Plain(members[key])),
        IEnumerable items => items.Cast<object?>().Select(Plain).ToList(),
        _ => value,
    };

    // The library answers damaged bytes with whatever exception the damage leads to, and now and then with an endless loop.
    private static T Guarded<T>(string path, TimeSpan patience, Func<Task<T>> read)
    {
        try
        {
            return Task.Run(read).WaitAsync(patience).GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is not (ResLoraException or OutOfMemoryException))
        {
            throw new FileFormatException($"{path} cannot be read as Parquet: {error.Message}", error);
        }
    }
}
