using System.Globalization;
using ResLora.Experiments.Plots;
using ResLora.Images;
using ResLora.Images.Writing;
using SkiaSharp;

namespace ResLora.Experiments.Evaluating;

/// <summary>Small pictures side by side, each with what it is and what it was taken for.</summary>
internal sealed class MistakeThumbnails
{
    private const int LeastColumns = 4;
    private const float Side = 128;
    private const float Tile = 184;
    private const float TextSize = 14;
    private const float Line = 19;
    private const float Height = Side + (3 * Line) + 12;

    private readonly IReadOnlyList<WorstMistake> _mistakes;
    private readonly IReadOnlyList<string> _labels;
    private readonly int _columns;

    /// <summary>Lays them out.</summary>
    /// <param name="mistakes">The mistakes, at least one.</param>
    /// <param name="labels">The labels by their numbers.</param>
    /// <param name="width">The width that is wished for, in pixels.</param>
    public MistakeThumbnails(IReadOnlyList<WorstMistake> mistakes, IReadOnlyList<string> labels, float width)
    {
        (_mistakes, _labels) = (mistakes, labels);
        _columns = Math.Min(mistakes.Count, Math.Max(LeastColumns, (int)(width / Tile)));
        Size = new SKSize(_columns * Tile, (mistakes.Count + _columns - 1) / _columns * Height);
    }

    /// <summary>Their size, in pixels.</summary>
    public SKSize Size { get; }

    /// <summary>Draws them, the worst first.</summary>
    /// <param name="canvas">Where on.</param>
    /// <param name="corner">The upper left corner.</param>
    public void Draw(SKCanvas canvas, SKPoint corner)
    {
        for (var i = 0; i < _mistakes.Count; i++)
        {
            var (left, top) = (corner.X + (i % _columns * Tile), corner.Y + (i / _columns * Height));
            Picture(canvas, _mistakes[i].Picture(), left, top);
            var share = _mistakes[i].Probability.ToString("0.0 %", CultureInfo.InvariantCulture);
            Text(canvas, _labels[_mistakes[i].Right], left, top + Side + Line, SKColors.Black);
            Text(canvas, $"-> {_labels[_mistakes[i].Said]}", left, top + Side + (2 * Line), SKColor.Parse("#b34700"));
            Text(canvas, share, left, top + Side + (3 * Line) - 2, SKColors.Black);
        }
    }

    private static void Text(SKCanvas canvas, string text, float left, float line, SKColor color) =>
        DrawnText.Draw(canvas, DrawnText.Shortened(text, TextSize, Tile - 8), new SKPoint(left, line), TextSize, color);

    private static void Picture(SKCanvas canvas, PixelImage picture, float left, float top)
    {
        using var bitmap = PictureBitmap.Of(picture);
        var scale = Side / Math.Max(picture.Width, picture.Height);
        using var image = SKImage.FromBitmap(bitmap);
        // Small pictures keep their pixels, large ones lose them evenly.
        var sampling = scale > 1 ? new SKSamplingOptions(SKFilterMode.Nearest) : new SKSamplingOptions(
            SKFilterMode.Linear, SKMipmapMode.Linear);
        var place = SKRect.Create(left, top, Math.Max(1, picture.Width * scale), Math.Max(1, picture.Height * scale));
        canvas.DrawImage(image, place, sampling);
        using var frame = new SKPaint { Color = SKColor.Parse("#bbbbbb"), Style = SKPaintStyle.Stroke };
        canvas.DrawRect(place, frame);
    }
}
