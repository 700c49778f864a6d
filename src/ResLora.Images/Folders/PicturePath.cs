using ResLora.Text.Data.Readers;

namespace ResLora.Images.Folders;

/// <summary>The paths that metadata and tables have of pictures: from the folder that the file is in, and never out of it.</summary>
internal static class PicturePath
{
    /// <summary>Brings a path into one form.</summary>
    /// <param name="written">As the row has it; slashes of either kind.</param>
    /// <param name="row">The row, for errors.</param>
    /// <param name="column">Its column, for errors.</param>
    /// <returns>The path with slashes, without <c>.</c> and <c>..</c>.</returns>
    /// <exception cref="ResLora.Formats.Errors.FileFormatException">It is empty, absolute, an address, or leaves the folder.</exception>
    public static string Inside(string written, Row row, string column)
    {
        var parts = new List<string>();
        var slashes = written.Replace('\\', '/');
        var isOutside = slashes.StartsWith('/') || slashes.Contains(':', StringComparison.Ordinal) || slashes.Contains(
            '\0', StringComparison.Ordinal);
        foreach (var part in slashes.Split('/').Where(part => part is not ("" or ".")))
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else
            {
                isOutside = true;
            }
        }

        return !isOutside && parts.Count > 0 ? string.Join('/', parts) : throw row.Error(
            $"column '{column}' is {Row.Excerpt(written)}, expected the path of a picture from the folder of this file; nothing outside of it is read");
    }
}
