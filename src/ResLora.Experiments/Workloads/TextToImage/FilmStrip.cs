using ResLora.Experiments.Plots;
using ResLora.Images;

namespace ResLora.Experiments.Workloads.TextToImage;

/// <summary>The pictures of runs with a column a step.</summary>
internal static class FilmStrip
{
    // A strip of hundreds of pictures would take gigabytes to draw, and nobody looks at it.
    private const int MostColumns = 20;

    /// <summary>Writes it as one PNG.</summary>
    /// <param name="path">The file.</param>
    /// <param name="steps">The steps that there are.</param>
    /// <param name="rows">What stands left of each row, whose pictures they are, and which of the prompts.</param>
    /// <exception cref="Formats.Errors.ConfigException">The disk refuses.</exception>
    public static void Write(string path, IReadOnlyList<int> steps, IEnumerable<(string Label, RunSamples Samples, int Place)> rows)
    {
        var shown = Some(steps);
        PictureGrid.Write(
            path,
            [.. shown.Select(step => $"step {step}")],
            [.. rows.Select(row => (row.Label, (IReadOnlyList<PixelImage?>)[.. shown.Select(step => row.Samples.Read(step, row.Place))]))]);
    }

    /// <summary>The first, the last and as many between them as can be looked at.</summary>
    private static IReadOnlyList<int> Some(IReadOnlyList<int> steps) => steps.Count <= MostColumns
        ? steps
        : [.. Enumerable.Range(0, MostColumns).Select(column => steps[(int)((long)column * (steps.Count - 1) / (MostColumns - 1))])];
}
