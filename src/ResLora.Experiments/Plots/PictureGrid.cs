using ResLora.Formats.Files;
using ResLora.Images;
using ResLora.Images.Writing;
using SkiaSharp;

namespace ResLora.Experiments.Plots;

/// <summary>Pictures in rows and columns with what they are, as one PNG.</summary>
internal static class PictureGrid
{
    private const int Gap = 6;
    private const int LabelSize = 13;
    private const int LabelHeight = 18;
    private const int LabelRoom = 180;
    private const int HeadingHeight = 24;
    private const int SmallestSide = 64;
    private const int LargestSide = 256;

    /// <summary>Writes the file.</summary>
    /// <param name="path">The PNG file.</param>
    /// <param name="columns">What stands above each column.</param>
    /// <param name="rows">What stands left of each row, in one line or two, and its pictures from left to right; null leaves a place
    /// free.</param>
    /// <exception cref="Formats.Errors.ConfigException">The disk refuses.</exception>
    public static void Write(
        string path, IReadOnlyList<string> columns, IReadOnlyList<(string Label, IReadOnlyList<PixelImage?> Pictures)> rows)
    {
        var side = Math.Clamp(
            rows.SelectMany(row => row.Pictures).OfType<PixelImage>().Select(
                picture => Math.Max(picture.Width, picture.Height)).DefaultIfEmpty(0).Max(),
            SmallestSide, LargestSide);
        var (width, height) = (LabelRoom + (columns.Count * (side + Gap)), HeadingHeight + (rows.Count * (side + Gap)));
        using var surface = SKSurface.Create(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var canvas = surface.Canvas;
        canvas.Clear(SKColors.White);
        for (var column = 0; column < columns.Count; column++)
        {
            Label(canvas, columns[column], LabelRoom + (column * (side + Gap)), HeadingHeight - Gap, side);
        }

        for (var row = 0; row < rows.Count; row++)
        {
            var top = HeadingHeight + (row * (side + Gap));
            foreach (var (line, text) in rows[row].Label.Split('\n').Index())
            {
                Label(canvas, text, Gap, top + (side / 2f) + (line * LabelHeight), LabelRoom - (2 * Gap));
            }

            for (var column = 0; column < rows[row].Pictures.Count; column++)
            {
                if (rows[row].Pictures[column] is { } picture)
                {
                    Draw(canvas, picture, SKRect.Create(LabelRoom + (column * (side + Gap)), top, side, side));
                }
            }
        }

        using var image = surface.Snapshot();
        using var png = image.Encode(SKEncodedImageFormat.Png, 100);
        AtomicFile.Write(path, png.SaveTo);
    }

    private static void Label(SKCanvas canvas, string text, float left, float bottom, float room) =>
        DrawnText.Draw(canvas, DrawnText.Shortened(text, LabelSize, room), new SKPoint(left, bottom), LabelSize, SKColors.Black);

    /// <summary>As large as fits, in its own proportions.</summary>
    private static void Draw(SKCanvas canvas, PixelImage picture, SKRect place)
    {
        using var bitmap = PictureBitmap.Of(picture);
        using var image = SKImage.FromBitmap(bitmap);
        var scale = Math.Min(place.Width / picture.Width, place.Height / picture.Height);
        var drawn = SKRect.Create(place.Left, place.Top, picture.Width * scale, picture.Height * scale);
        canvas.DrawImage(image, drawn, new SKSamplingOptions(SKFilterMode.Linear));
    }
}
