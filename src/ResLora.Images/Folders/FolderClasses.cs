using ResLora.Formats.Errors;

namespace ResLora.Images.Folders;

/// <summary>The classes that folders are named after: the last folder of each picture, all equally deep.</summary>
internal static class FolderClasses
{
    /// <summary>The class of each picture.</summary>
    /// <param name="listing">The data set.</param>
    /// <param name="splits">Its splits.</param>
    /// <returns>Class names, in the order of the pictures.</returns>
    /// <exception cref="FileFormatException">A picture lies in no class's folder, or deeper than others.</exception>
    public static IReadOnlyList<string> Of(FolderListing listing, FolderSplits splits)
    {
        var shallow = listing.Pictures.MinBy(name => splits.FoldersBelow(name).Length)!;
        var deep = listing.Pictures.MaxBy(name => splits.FoldersBelow(name).Length)!;
        var depth = splits.FoldersBelow(shallow).Length;
        if (depth == 0)
        {
            throw new FileFormatException(
                $"'{listing.Root}': '{shallow}' lies in no folder of a class, so there is no label to learn. "
                + "Put the pictures of a class into a folder of its name, or write a metadata.csv, metadata.jsonl or metadata.parquet with file_name and label.");
        }

        if (splits.FoldersBelow(deep).Length != depth)
        {
            throw new FileFormatException(
                $"'{listing.Root}': '{deep}' lies in more folders than '{shallow}', so it is not clear which of them is the class. Put all pictures of a class into one folder.");
        }

        var used = listing.Pictures.Select(FolderOf).ToHashSet(StringComparer.Ordinal);
        foreach (var folder in listing.Folders.Where(folder => splits.FoldersBelow(folder + "/").Length == depth && !used.Contains(folder)))
        {
            Warnings.Add($"'{listing.Root}': the folder '{folder}' has no picture; it is not a class.");
        }

        return [.. listing.Pictures.Select(name => splits.FoldersBelow(name)[^1])];
    }

    private static string FolderOf(string name) => name[..name.LastIndexOf('/')];
}
