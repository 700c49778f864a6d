using ResLora.Experiments.Plots;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Files;
using SkiaSharp;

namespace ResLora.Experiments.Evaluating;

/// <summary>One PNG of what a classifier takes for what: the confusion matrix, and below it the pictures of the worst mistakes.</summary>
internal static class MistakesPicture
{
    private const float Edge = 24;
    private const float TitleSize = 22;
    private const float LineHeight = 34;

    /// <summary>Writes the file.</summary>
    /// <param name="path">The PNG file.</param>
    /// <param name="task">The task, for the title.</param>
    /// <param name="labels">The labels in the order of the matrix.</param>
    /// <param name="confusion">A row for each right label, in it the count of each predicted one.</param>
    /// <param name="rated">What was said of each sample; those with pictures are shown where they are wrong.</param>
    public static void Write(
        string path, string task, IReadOnlyList<string> labels, IReadOnlyList<IReadOnlyList<int>> confusion, IReadOnlyList<RatedSample> rated)
    {
        var shown = MostConfused.Of(confusion);
        var grid = new ConfusionGrid(labels, confusion, shown);
        var mistakes = WorstMistake.Find(rated);
        string[] heading =
        [
            $"{task}: what is taken for what. A row is a right label, a column a predicted one.",
            .. shown.Count < labels.Count
                ? [$"Shown are the {shown.Count} most confused of {labels.Count} labels."]
                : Array.Empty<string>(),
        ];
        var wide = Math.Max(heading.Max(line => DrawnText.Width(line, TitleSize)), grid.Size.Width);
        var thumbnails = mistakes.Count > 0 ? new MistakeThumbnails(mistakes, labels, wide) : null;
        var wrong = confusion.Select((row, right) => row.Sum() - row[right]).Sum();
        string[] second = [.. thumbnails is null
            ? wrong == 0 ? ["There is no mistake."] : Array.Empty<string>()
            : [$"The worst {mistakes.Count} of {wrong} mistakes: those that the model was surest of."]];
        var width = Edge + Edge + Math.Max(wide, thumbnails?.Size.Width ?? 0);
        var top = Edge + (heading.Length * LineHeight);
        var below = top + grid.Size.Height + Edge;
        var height = below + (second.Length * LineHeight) + (thumbnails?.Size.Height ?? 0) + Edge;
        using var surface = SKSurface.Create(new SKImageInfo((int)width, (int)height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var canvas = surface.Canvas;
        canvas.Clear(SKColors.White);
        Lines(canvas, heading, Edge);
        grid.Draw(canvas, new SKPoint(Edge, top));
        Lines(canvas, second, below);
        thumbnails?.Draw(canvas, new SKPoint(Edge, below + LineHeight));
        using var image = surface.Snapshot();
        using var png = image.Encode(SKEncodedImageFormat.Png, 100);
        AtomicFile.Write(path, png.SaveTo);
    }

    private static void Lines(SKCanvas canvas, string[] lines, float top)
    {
        for (var i = 0; i < lines.Length; i++)
        {
            DrawnText.Draw(canvas, lines[i], new SKPoint(Edge, top + TitleSize + (i * LineHeight)), TitleSize, SKColors.Black);
        }
    }
}
