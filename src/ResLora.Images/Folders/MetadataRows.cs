using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;

namespace ResLora.Images.Folders;

/// <summary>
/// The lines about pictures in the files metadata.csv, metadata.jsonl or metadata.parquet of a folder: each names a picture in the folder
/// that the file is in, or below.
/// </summary>
internal static class MetadataRows
{
    /// <summary>The column with the picture's path.</summary>
    public const string FileColumn = "file_name";

    private const int MostNamed = 5;
    private static readonly string[] _names = ["metadata.csv", "metadata.jsonl", "metadata.parquet"];
    private static readonly string[] _tables = [".csv", ".tsv", ".jsonl", ".parquet"];

    /// <summary>Reads all of them.</summary>
    /// <param name="listing">The data set.</param>
    /// <returns>The pictures' paths with their lines, sorted by path, a picture as often as it has lines; null when there is no such
    /// file.</returns>
    /// <exception cref="FileFormatException">There are files of several kinds, or one whose name is nearly right; a line names no picture,
    /// or one outside of its folder.</exception>
    public static IReadOnlyList<(string Name, Row Row)>? Read(FolderListing listing)
    {
        var files = listing.Others.Where(file => _names.Contains(FileOf(file))).ToArray();
        if (files.FirstOrDefault(file => Path.GetExtension(file) != Path.GetExtension(files[0])) is { } other)
        {
            throw new FileFormatException(
                $"'{listing.Root}' has both '{files[0]}' and '{other}'; which of them counts is not known. Keep one kind.");
        }

        Look(listing);
        if (files.Length == 0)
        {
            return null;
        }

        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        var found = new List<(string Name, Row Row)>();
        var known = listing.Pictures.ToHashSet(StringComparer.Ordinal);
        var missing = new List<FileFormatException>();
        foreach (var file in files)
        {
            foreach (var row in RowReader.Read(listing.PathOf(file)))
            {
                var name = NameOf(row, file[..^FileOf(file).Length]);
                if (!known.Contains(name) && !File.Exists(listing.PathOf(name)))
                {
                    missing.Add(row.Error($"there is no picture '{name}'"));
                }
                else if (owners.TryAdd(name, file) || owners[name] == file)
                {
                    found.Add((name, row));
                }
                else
                {
                    throw row.Error($"the picture '{name}' is also in '{owners[name]}'; keep one of them");
                }
            }
        }

        WarnOfUnnamed(listing, owners);
        return missing.Count == 0 ? [.. found.OrderBy(one => one.Name, StringComparer.Ordinal)] : throw new FileFormatException(
            missing.Count == 1 ? missing[0].Message : $"{missing[0].Message} So it is with {missing.Count - 1} more.");
    }

    private static string NameOf(Row row, string folder)
    {
        var written = row.Find(FileColumn) ?? throw row.Error(
            $"there is no '{FileColumn}', which names the picture; the line has: {string.Join(", ", row.Values.Keys)}");
        return folder + PicturePath.Inside(written, row, FileColumn);
    }

    // A file that its owner thinks is read.
    private static void Look(FolderListing listing)
    {
        foreach (var file in listing.Others.Where(file => !_names.Contains(FileOf(file))))
        {
            var letters = string.Concat(Path.GetFileNameWithoutExtension(file).Where(char.IsAsciiLetter));
            if (letters.StartsWith(
                "meta",
                StringComparison.OrdinalIgnoreCase) && RowReader.Extensions.Append(".txt").Contains(
                    Path.GetExtension(file).ToLowerInvariant()))
            {
                throw new FileFormatException($"'{listing.PathOf(file)}' is not read: what is said of pictures is read from {string.Join(", ", _names)}. Rename the file, or move it away.");
            }

            if (_tables.Contains(Path.GetExtension(file).ToLowerInvariant()))
            {
                Warnings.Add(
                    $"'{listing.PathOf(file)}' is not read; name the file itself as the data, or call it {string.Join(", ", _names)}.");
            }
        }
    }

    private static void WarnOfUnnamed(FolderListing listing, Dictionary<string, string> named)
    {
        string[] unnamed = [.. listing.Pictures.Where(picture => !named.ContainsKey(picture))];
        if (unnamed.Length > 0)
        {
            var more = unnamed.Length > MostNamed ? $" and {unnamed.Length - MostNamed} more" : "";
            Warnings.Add(
                $"'{listing.Root}': no line of metadata names {string.Join(", ", unnamed.Take(MostNamed))}{more}; they are left out.");
        }
    }

    private static string FileOf(string name) => name[(name.LastIndexOf('/') + 1)..];
}
