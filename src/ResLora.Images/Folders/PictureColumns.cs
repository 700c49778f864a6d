using ResLora.Formats.Errors;
using ResLora.Text.Data.Readers;

namespace ResLora.Images.Folders;

/// <summary>Takes label and caption out of the rows of metadata and tables.</summary>
/// <param name="request">What is wanted, and the columns' names.</param>
internal sealed class PictureColumns(PictureRequest request)
{
    /// <summary>The class's name in a row.</summary>
    /// <param name="row">The row.</param>
    /// <returns>The name; null where labels were not asked for.</returns>
    /// <exception cref="FileFormatException">There is none.</exception>
    public string? Class(Row row)
    {
        if (!request.Labels)
        {
            return null;
        }

        var column = request.Columns[PictureRequest.LabelColumn];
        var label = row.Require(column).Trim();
        return label.Length > 0 ? label : throw row.Error($"the label in column '{column}' is empty");
    }

    /// <summary>The caption in a row; where it is empty, that is told.</summary>
    /// <param name="row">The row.</param>
    /// <param name="picture">What the picture is called.</param>
    /// <returns>The caption; null where captions were not asked for.</returns>
    /// <exception cref="FileFormatException">There is none.</exception>
    public string? Caption(Row row, string picture)
    {
        if (!request.Captions)
        {
            return null;
        }

        var caption = row.Require(request.Columns[PictureRequest.CaptionColumn]);
        WarnIfEmpty(caption, picture, $"{row.File}, {row.Where}");
        return caption;
    }

    /// <summary>Tells of an empty caption.</summary>
    /// <param name="caption">The caption.</param>
    /// <param name="picture">What the picture is called.</param>
    /// <param name="place">Where the caption is written.</param>
    public static void WarnIfEmpty(string caption, string picture, string place)
    {
        if (string.IsNullOrWhiteSpace(caption))
        {
            Warnings.Add($"{place}: the caption of '{picture}' is empty.");
        }
    }
}
