using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Readers;

namespace ResLora.Images.Folders;

/// <summary>
/// Lists the pictures of a data set: a folder a class, a folder with metadata files (Hugging Face's imagefolder), or tables with paths or
/// bytes. No picture is decoded.
/// </summary>
public static class PictureDataReader
{
    private static readonly string[] _columns = [PictureRequest.PictureColumn, PictureRequest.LabelColumn, PictureRequest.CaptionColumn];

    /// <summary>Lists a data set.</summary>
    /// <param name="path">
    /// A folder, one table (<c>.csv</c>, <c>.tsv</c>, <c>.jsonl</c>, <c>.json</c>, <c>.parquet</c>), or one picture of which nothing is
    /// asked.
    /// </param>
    /// <param name="request">What is wanted of it.</param>
    /// <returns>The pictures. What a user should know besides goes to <see cref="Warnings"/>.</returns>
    /// <exception cref="FileFormatException">Nothing is there, or what is there cannot be read as its author meant it.</exception>
    /// <exception cref="ConfigException">
    /// There are more classes than are supported, a class has no name, or a column is named that there is not.
    /// </exception>
    public static PictureData Read(string path, PictureRequest request)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(request);
        request.Columns.RequireAmong(_columns);
        if (!Directory.Exists(path))
        {
            if (FolderListing.IsPicture(path))
            {
                return OfOne(path, request);
            }

            var table = new PictureTable(request);
            PictureEntry[] entries = [.. table.Read(path, Path.GetFileName(path), TaskSplit.Train)];
            return Finish(entries, table.Classes, hasSplits: false, path, request);
        }

        var listing = new FolderListing(path);
        return listing.Pictures.Count == 0 ? OfTables(listing, request) : OfPictures(listing, request);
    }

    private static PictureData OfOne(string path, PictureRequest request)
    {
        var source = PictureSource.OfFile(Path.GetFileName(path), path);
        return !request.Labels && !request.Captions
            ? new PictureData([new LabelledPicture(source, TaskSplit.Train, null, null)], null, HasSplits: false)
            : throw new FileFormatException(
                $"'{path}' is one picture, and nothing says what is right for it; name a folder of pictures, or a table.");
    }

    private static PictureData OfPictures(FolderListing listing, PictureRequest request)
    {
        var isAsked = request.Labels || request.Captions;
        var rows = isAsked ? MetadataRows.Read(listing) : null;
        if (rows is not null)
        {
            var columns = new PictureColumns(request);
            var splits = new FolderSplits([.. rows.Select(row => row.Name)], listing.Root);
            var described = rows.Select(row => new PictureEntry(
                SourceOf(listing, row.Name), splits.Of(row.Name), columns.Class(row.Row), columns.Caption(row.Row, row.Name)));
            return Finish([.. described], null, splits.AreThere, listing.Root, request);
        }

        var folders = new FolderSplits(listing.Pictures, listing.Root);
        var classes = request.Labels ? FolderClasses.Of(listing, folders) : null;
        var entries = listing.Pictures.Select((name, i) => new PictureEntry(
            SourceOf(listing, name), folders.Of(name), classes?[i], request.Captions ? CaptionFiles.Of(listing, name) : null));
        return Finish([.. entries], null, folders.AreThere, listing.Root, request);
    }

    // Tables in a folder are the shards of splits, as the hub names them: train-00000-of-00002.parquet.
    private static PictureData OfTables(FolderListing listing, PictureRequest request)
    {
        string[] files =
            [.. listing.Others.Where(file => Path.GetExtension(file).ToLowerInvariant() is ".parquet" or ".csv" or ".tsv" or ".jsonl")];
        if (files.Length == 0)
        {
            throw new FileFormatException(
                $"'{listing.Root}' has no pictures and no tables of pictures ({string.Join(", ", RowReader.Extensions)}).");
        }

        // A file's name counts as a folder's does.
        string[] names = [.. files.Select(file => file + "/")];
        var splits = new FolderSplits(names, listing.Root);
        var table = new PictureTable(request);
        PictureEntry[] entries = [.. files.SelectMany((file, i) => table.Read(listing.PathOf(file), file, splits.Of(names[i])))];
        return Finish(entries, table.Classes, splits.AreThere, listing.Root, request);
    }

    private static PictureData Finish(
        IReadOnlyList<PictureEntry> entries, IReadOnlyList<string>? declared, bool hasSplits, string source, PictureRequest request)
    {
        var classes = request.Labels
            ? PictureClasses.Of(
                [.. entries.Select(entry => entry.Class!).Distinct(StringComparer.Ordinal)], declared, request.Model, source)
            : null;
        LabelledPicture[] pictures =
            [.. entries.Select(entry => new LabelledPicture(entry.Source, entry.Split, classes?.Find(entry.Class!), entry.Caption))];
        if (hasSplits && classes is not null)
        {
            PictureClasses.WarnOfUnseen(pictures, classes, source);
        }

        return new PictureData(pictures, classes, hasSplits);
    }

    private static PictureSource SourceOf(FolderListing listing, string name) => PictureSource.OfFile(name, listing.PathOf(name));
}
