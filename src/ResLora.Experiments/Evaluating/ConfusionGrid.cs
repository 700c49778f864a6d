using System.Globalization;
using ResLora.Experiments.Plots;
using SkiaSharp;

namespace ResLora.Experiments.Evaluating;

/// <summary>A confusion matrix as a drawing: counts in cells, darker where they are a larger share of their row.</summary>
internal sealed class ConfusionGrid
{
    private const float LabelSize = 16;
    private const float MostLabelWidth = 240;
    private const float Room = 760;
    private const float LeastCell = 28;
    private const float MostCell = 72;
    private const float Gap = 8;
    private const double Dark = 0.55;
    private static readonly SKColor _right = SKColor.Parse("#0072b2");
    private static readonly SKColor _wrong = SKColor.Parse("#d55e00");
    private static readonly SKColor _line = SKColor.Parse("#dddddd");

    private readonly IReadOnlyList<IReadOnlyList<int>> _counts;
    private readonly IReadOnlyList<int> _shown;
    private readonly string[] _names;
    private readonly float _cell;
    private readonly float _margin;

    /// <summary>Lays it out.</summary>
    /// <param name="labels">The labels in the order of the matrix.</param>
    /// <param name="counts">A row for each right label, in it the count of each predicted one.</param>
    /// <param name="shown">The labels to draw.</param>
    public ConfusionGrid(IReadOnlyList<string> labels, IReadOnlyList<IReadOnlyList<int>> counts, IReadOnlyList<int> shown)
    {
        (_counts, _shown) = (counts, shown);
        _names = [.. shown.Select(label => DrawnText.Shortened(labels[label], LabelSize, MostLabelWidth))];
        _cell = Math.Clamp(Room / shown.Count, LeastCell, MostCell);
        _margin = _names.Max(name => DrawnText.Width(name, LabelSize)) + Gap;
        Size = new SKSize(_margin + (_cell * shown.Count), _margin + (_cell * shown.Count));
    }

    /// <summary>Its size, in pixels.</summary>
    public SKSize Size { get; }

    /// <summary>Draws it.</summary>
    /// <param name="canvas">Where on.</param>
    /// <param name="corner">Its upper left corner.</param>
    public void Draw(SKCanvas canvas, SKPoint corner)
    {
        var (left, top) = (corner.X + _margin, corner.Y + _margin);
        for (var i = 0; i < _shown.Count; i++)
        {
            var middle = (i * _cell) + (_cell / 2) + (LabelSize / 3);
            DrawnText.Draw(canvas, _names[i], new SKPoint(left - Gap, top + middle), LabelSize, SKColors.Black, SKTextAlign.Right);
            canvas.Save();
            canvas.Translate(left + middle, top - Gap);
            canvas.RotateDegrees(-90);
            DrawnText.Draw(canvas, _names[i], default, LabelSize, SKColors.Black);
            canvas.Restore();
            var total = _counts[_shown[i]].Sum();
            for (var k = 0; k < _shown.Count; k++)
            {
                Cell(
                    canvas,
                    SKRect.Create(left + (k * _cell), top + (i * _cell), _cell, _cell),
                    _counts[_shown[i]][_shown[k]],
                    total,
                    isRight: i == k);
            }
        }
    }

    private static void Cell(SKCanvas canvas, SKRect place, int count, int total, bool isRight)
    {
        var share = total == 0 ? 0 : (double)count / total;
        using var fill = new SKPaint { Color = Mixed(isRight ? _right : _wrong, share) };
        using var frame = new SKPaint { Color = _line, Style = SKPaintStyle.Stroke };
        canvas.DrawRect(place, fill);
        canvas.DrawRect(place, frame);
        if (count == 0)
        {
            return;
        }

        var text = count.ToString(CultureInfo.InvariantCulture);
        var size = LabelSize;
        var width = DrawnText.Width(text, size);
        size *= Math.Min(1, (place.Width - (Gap / 2)) / width);
        var color = share > Dark ? SKColors.White : SKColors.Black;
        DrawnText.Draw(canvas, text, new SKPoint(place.MidX, place.MidY + (size / 3)), size, color, SKTextAlign.Center);
    }

    private static SKColor Mixed(SKColor full, double share)
    {
        byte Part(byte value) => (byte)Math.Round(byte.MaxValue - ((byte.MaxValue - value) * share));
        return new SKColor(Part(full.Red), Part(full.Green), Part(full.Blue));
    }
}
