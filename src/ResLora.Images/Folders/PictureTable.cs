using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Readers;

namespace ResLora.Images.Folders;

/// <summary>
/// Tables of pictures: a row has the picture's path from the table's folder, or (Parquet) its bytes, as the hub stores them.
/// </summary>
/// <param name="request">What is wanted.</param>
internal sealed class PictureTable(PictureRequest request)
{
    /// <summary>The most bytes of pictures in tables: they are held in memory.</summary>
    public const long MaxBytes = 4L << 30;

    private static readonly string[] _usualColumns = [PictureRequest.PictureColumn, "img", MetadataRows.FileColumn];

    private readonly PictureColumns _columns = new(request);
    private readonly string[] _pictureColumns = request.Columns.Mapped.Contains(
        PictureRequest.PictureColumn) ? [request.Columns[PictureRequest.PictureColumn]] : _usualColumns;
    private long _bytes;

    /// <summary>The names of the classes, where the files declare them.</summary>
    public IReadOnlyList<string>? Classes { get; private set; }

    /// <summary>Reads a table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">What the data set calls it.</param>
    /// <param name="split">The part of the data that its rows belong to.</param>
    /// <returns>The pictures, read as they are asked for.</returns>
    /// <exception cref="FileFormatException">The table breaks its format, a row names no picture, or one that is not there.</exception>
    public IEnumerable<PictureEntry> Read(string path, string name, TaskSplit split)
    {
        var declared = request.Labels && Path.GetExtension(path).Equals(".parquet", StringComparison.OrdinalIgnoreCase)
            ? HubFeatures.ClassNames(path, request.Columns[PictureRequest.LabelColumn])
            : null;
        if (Classes is not null && declared is not null && !Classes.SequenceEqual(declared))
        {
            throw new FileFormatException($"'{path}' declares other classes than the files before it; read them one by one.");
        }

        Classes ??= declared;
        foreach (var row in RowReader.Read(path, _pictureColumns.ToHashSet(StringComparer.Ordinal)))
        {
            var source = SourceOf(row, name);
            yield return new PictureEntry(source, split, ClassOf(row), _columns.Caption(row, source.Name));
        }
    }

    private PictureSource SourceOf(Row row, string name)
    {
        foreach (var column in _pictureColumns)
        {
            if (row.Bytes.TryGetValue(column, out var content))
            {
                _bytes += content.Length;
                return _bytes <= MaxBytes
                    ? PictureSource.OfBytes($"{name}, {row.Where}", $"{row.File}, {row.Where}", content)
                    : throw row.Error($"the pictures take more than {ByteSize.Format(MaxBytes)}, which would all be held in memory; unpack them into files");
            }

            if (row.Find(column) is { } written)
            {
                var inside = PicturePath.Inside(written, row, column);
                var path = Path.Combine(Path.GetDirectoryName(row.File)!, inside);
                return File.Exists(path) ? PictureSource.OfFile(inside, path) : throw row.Error($"there is no picture '{inside}'");
            }
        }

        throw row.Error(
            $"there is no picture in {string.Join(" or ", _pictureColumns.Select(column => $"'{column}'"))}; the row has: {string.Join(", ", row.Values.Keys.Concat(row.Bytes.Keys).Distinct().Take(20))}. "
            + $"Name the right column in data.columns ({PictureRequest.PictureColumn}: NAME), or with --column {PictureRequest.PictureColumn}=NAME");
    }

    private string? ClassOf(Row row)
    {
        if (_columns.Class(row) is not { } name || Classes is null || Classes.Contains(name))
        {
            return _columns.Class(row);
        }

        return int.TryParse(name, out var number) && number >= 0 && number < Classes.Count
            ? Classes[number]
            : throw row.Error($"the label is {Row.Excerpt(name)}, expected a number of the {Classes.Count} classes that the file declares");
    }
}
