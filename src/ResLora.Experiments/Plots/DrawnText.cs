using ScottPlot;
using SkiaSharp;

namespace ResLora.Experiments.Plots;

/// <summary>Texts in a picture, each in a font that has its letters where there is one.</summary>
internal static class DrawnText
{
    private const string More = "...";

    /// <summary>How wide a text is.</summary>
    /// <param name="text">The text.</param>
    /// <param name="size">The height of its letters, in pixels.</param>
    /// <returns>Pixels.</returns>
    public static float Width(string text, float size)
    {
        using var font = FontOf(text, size);
        return font.MeasureText(text);
    }

    /// <summary>The text, or as much of its start as there is room for.</summary>
    /// <param name="text">The text.</param>
    /// <param name="size">The height of its letters, in pixels.</param>
    /// <param name="room">The room, in pixels.</param>
    /// <returns>The text that fits.</returns>
    public static string Shortened(string text, float size, float room)
    {
        if (Width(text, size) <= room)
        {
            return text;
        }

        using var font = FontOf(text, size);
        var left = text.Length;
        while (left > 0 && font.MeasureText(text[..left] + More) > room)
        {
            // Never half of a letter that takes two characters.
            left -= left > 1 && char.IsLowSurrogate(text[left - 1]) ? 2 : 1;
        }

        return text[..left] + More;
    }

    /// <summary>Draws a text.</summary>
    /// <param name="canvas">Where on.</param>
    /// <param name="text">The text.</param>
    /// <param name="place">Where its line stands: its start, middle or end, as <paramref name="align"/> says.</param>
    /// <param name="size">The height of its letters, in pixels.</param>
    /// <param name="color">Its color.</param>
    /// <param name="align">What stands at the place.</param>
    public static void Draw(SKCanvas canvas, string text, SKPoint place, float size, SKColor color, SKTextAlign align = SKTextAlign.Left)
    {
        using var font = FontOf(text, size);
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        canvas.DrawText(text, place.X, place.Y, align, font, paint);
    }

    private static SKFont FontOf(string text, float size)
    {
        var usual = Fonts.GetTypeface(Fonts.Default, bold: false, italic: false);
        return new SKFont(usual.ContainsGlyphs(text) ? usual : Fonts.GetTypeface(Fonts.Detect(text), bold: false, italic: false), size);
    }
}
