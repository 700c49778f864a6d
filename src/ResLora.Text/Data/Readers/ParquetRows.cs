using Parquet;
using Parquet.Meta;
using Parquet.Schema;
using Parquet.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.NativeRuntime;

namespace ResLora.Text.Data.Readers;

/// <summary>Reads Parquet files, one row group at a time and a column at a time; a row becomes text only when it is asked for.</summary>
internal static class ParquetRows
{
    // Counts come from the file and decide what is allocated: 16 bytes and more a value, lists and structures about 100.
    private const long MaxGroupValues = 50_000_000;
    private const long MaxNestedGroupValues = 8_000_000;

    // Far more than an honest file needs, for damage that no check here sees: the library cannot be stopped.
    private static readonly TimeSpan _metadataPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _groupPatience = TimeSpan.FromMinutes(10);

    /// <summary>Reads the rows lazily.</summary>
    /// <param name="path">The file.</param>
    /// <param name="binary">Columns that are wanted as bytes; null for none.</param>
    /// <returns>The rows; <see cref="Row.Where"/> is the row's number from 1.</returns>
    /// <exception cref="FileFormatException">The file is not Parquet, is damaged, or is larger once unpacked than is read.</exception>
    public static IEnumerable<Row> Read(string path, IReadOnlySet<string>? binary = null)
    {
        using var file = new BlockingStream(InputFile.OpenRead(path));
        using var opened = new Opened(Guarded(path, _metadataPatience, () => OpenAsync(file)));
        var number = 0L;
        for (var index = 0; index < opened.Reader.RowGroupCount; index++)
        {
            foreach (var row in Group(file, opened.Reader, path, index, binary))
            {
                yield return Guarded(path, () => row(++number));
            }
        }
    }

    /// <summary>What the file says of itself, key by key.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The pairs; often none.</returns>
    /// <exception cref="FileFormatException">The file is not Parquet or is damaged.</exception>
    public static IReadOnlyDictionary<string, string> Metadata(string path)
    {
        using var file = new BlockingStream(InputFile.OpenRead(path));
        using var opened = new Opened(Guarded(path, _metadataPatience, () => OpenAsync(file)));
        return opened.Reader.CustomMetadata;
    }

    private static IEnumerable<Func<long, Row>> Group(
        Stream file, ParquetReader reader, string path, int index, IReadOnlySet<string>? binary)
    {
        using var group = reader.OpenRowGroupReader(index);
        var where = $"{path}, row group {index}";
        var count = group.RowCount;
        var flat = reader.Schema.Fields.OfType<DataField>().Where(field => !field.IsArray).Select(
            field => (field.Name, Field: field)).ToList();
        var structures = reader.Schema.Fields.OfType<StructField>().Where(
            field => binary?.Contains(field.Name) == true && IsOfTheHub(field)).ToArray();
        flat.AddRange(structures.SelectMany(field => field.Fields.Cast<DataField>().Select(part => (field.Name, Field: part))));
        var nested = reader.Schema.Fields.Where(
            field => field is not DataField { IsArray: false }).Except(structures).Select(field => field.Name).ToArray();
        Guarded(path, () => Require(file, group.RowGroup, count, nested.Length > 0, where));
        var rows = nested.Length == 0 ? null : Guarded(path, _groupPatience, () => NestedAsync(file, index));
        if (rows is not null && rows.Count != count)
        {
            throw new FileFormatException($"{where}: declares {count} rows, but {rows.Count} were found.");
        }

        var columns = new List<ParquetColumn>();
        try
        {
            foreach (var (name, field) in flat)
            {
                var isBinary = binary?.Contains(name) == true && field.ClrType == typeof(ReadOnlyMemory<byte>);
                columns.Add(
                    new ParquetColumn(
                        name, field, Guarded(path, _groupPatience, () => group.ReadRawColumnDataBaseAsync(field).AsTask()), isBinary));
            }

            for (var row = 0; row < count; row++)
            {
                var at = row;
                yield return number => ToRow(path, $"row {number}", columns, nested, rows?[at]);
            }
        }
        finally
        {
            columns.ForEach(column => column.Dispose());
        }
    }

    private static Row ToRow(
        string path, string where, List<ParquetColumn> columns, string[] nested, IReadOnlyDictionary<string, object>? lists)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var bytes = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var column in columns)
        {
            try
            {
                if (column.IsBinary)
                {
                    if (column.NextBytes() is { } content)
                    {
                        bytes[column.Name] = content;
                    }
                }
                else if (column.Next() is { } text)
                {
                    values[column.Name] = text;
                }
            }
            catch (InvalidDataException error)
            {
                throw new FileFormatException($"{path}, {where}, column '{column.Name}': {error.Message}.", error);
            }
        }

        var names = nested.Where(name => lists!.GetValueOrDefault(name) is not null).ToHashSet(StringComparer.Ordinal);
        foreach (var name in names)
        {
            values[name] = ParquetText.Json(lists![name]);
        }

        return new Row(path, where, values) { Nested = names, Bytes = bytes };
    }

    // How the hub stores pictures and sounds: the file's bytes, and its name.
    private static bool IsOfTheHub(StructField field) =>
        field.Fields.Any(part => part.Name == "bytes") && field.Fields.All(
            part => part is DataField { IsArray: false } && part.Name is "bytes" or "path");

    private static bool Require(Stream file, RowGroup group, long rows, bool isNested, string where)
    {
        var (values, packed, unpacked) = (0L, 0L, 0L);
        foreach (var column in group.Columns)
        {
            var metadata = column.MetaData ?? throw new InvalidDataException("a column has no metadata");
            values += metadata.NumValues;
            if (rows < 0 || metadata.NumValues < 0 || values > (isNested ? MaxNestedGroupValues : MaxGroupValues))
            {
                throw new FileFormatException(
                    $"{where}: it declares {values} values or more, at most {(isNested ? MaxNestedGroupValues : MaxGroupValues)} are read at once; write it in smaller row groups.");
            }

            if (metadata.PathInSchema.Count == 1 && !isNested && metadata.NumValues != rows)
            {
                throw new InvalidDataException($"a column has {metadata.NumValues} values, and its row group {rows} rows");
            }

            var start =
                metadata.DictionaryPageOffset is > 0 and var first ? Math.Min(first, metadata.DataPageOffset) : metadata.DataPageOffset;
            var size = ParquetGuard.RequirePages(file, start, metadata.NumValues);
            (packed, unpacked) = (packed + size.Packed, unpacked + size.Unpacked);
        }

        ParquetGuard.RequireHonestSize(packed, unpacked, where);
        return true;
    }

    private static async Task<ParquetReader> OpenAsync(Stream file)
    {
        ParquetGuard.RequireFooter(file);
        file.Position = 0;
        return await ParquetReader.CreateAsync(file, leaveStreamOpen: true);
    }

    private static async Task<IReadOnlyList<IReadOnlyDictionary<string, object>>> NestedAsync(Stream file, int index)
    {
        file.Position = 0;
        var group = await ParquetSerializer.DeserializeUntypedAsync(file, new ParquetOptions(), index);
        return [.. group.Data];
    }

    // The library answers damaged bytes with whatever exception the damage leads to, and now and then with an endless loop.
    private static T Guarded<T>(string path, TimeSpan patience, Func<Task<T>> read) => Guarded(
        path,
        () => Task.Run(() =>
        {
            using var room = SignalRoom.Widen();
            return read().GetAwaiter().GetResult();   // a stream that blocks: all of it on this thread
        }).WaitAsync(patience).GetAwaiter().GetResult());

    private static T Guarded<T>(string path, Func<T> read)
    {
        using var room = SignalRoom.Widen();
        try
        {
            return read();
        }
        catch (Exception error) when (error is not ResLoraException)
        {
            throw new FileFormatException($"{path} cannot be read as Parquet: {error.Message.TrimEnd('.')}.", error);
        }
    }

    private sealed class Opened(ParquetReader reader) : IDisposable
    {
        public ParquetReader Reader => reader;

        public void Dispose() => reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
