using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Images.Folders;

/// <summary>Captions in text files beside the pictures: <c>cat.txt</c> for <c>cat.png</c>.</summary>
internal static class CaptionFiles
{
    private const long MaxBytes = 1 << 20;

    /// <summary>The caption of a picture.</summary>
    /// <param name="listing">The data set.</param>
    /// <param name="picture">The picture's path in it.</param>
    /// <returns>The text without white space at its ends.</returns>
    /// <exception cref="FileFormatException">There is no such file, or it is no text.</exception>
    public static string Of(FolderListing listing, string picture)
    {
        var path = listing.PathOf(Path.ChangeExtension(picture, ".txt"));
        if (!File.Exists(path))
        {
            throw new FileFormatException(
                $"'{listing.PathOf(picture)}' has no caption: there is neither a metadata.csv, metadata.jsonl or metadata.parquet with file_name and text, nor '{path}'.");
        }

        var caption = InputFile.ReadText(path, MaxBytes).Trim();
        PictureColumns.WarnIfEmpty(caption, picture, $"'{path}'");
        return caption;
    }
}
