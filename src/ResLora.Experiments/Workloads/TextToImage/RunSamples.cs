using System.Globalization;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Images;
using ResLora.Images.Decoding;

namespace ResLora.Experiments.Workloads.TextToImage;

/// <summary>The pictures that a run has made while it learnt: <c>samples/000100/0.png</c> is the first of step 100.</summary>
/// <param name="runFolder">The run's folder.</param>
internal sealed class RunSamples(string runFolder)
{
    private const string StepFormat = "D6";

    private readonly string _folder = Path.Combine(runFolder, "samples");

    /// <summary>Whether there are any.</summary>
    public bool Exists => Directory.Exists(_folder);

    /// <summary>The steps that there are pictures of, in order; those of an earlier part of a resumed run too.</summary>
    public IReadOnlyList<int> Steps =>
    [
        .. Directory.EnumerateDirectories(_folder)
            .Select(
                folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : -1)
            .Where(step => step >= 0)
            .Order(),
    ];

    /// <summary>Where a picture is.</summary>
    /// <param name="step">Of which step.</param>
    /// <param name="place">Which prompt, from 0.</param>
    /// <returns>The PNG file.</returns>
    public string FileOf(int step, int place) => Path.Combine(
        _folder, step.ToString(StepFormat, CultureInfo.InvariantCulture), place.ToString(CultureInfo.InvariantCulture) + ".png");

    /// <summary>A picture; null for one that is gone or that somebody has changed: no run ends for that.</summary>
    /// <param name="step">Of which step.</param>
    /// <param name="place">Which prompt, from 0.</param>
    /// <returns>The picture or null.</returns>
    public PixelImage? Read(int step, int place)
    {
        var file = FileOf(step, place);
        try
        {
            return File.Exists(file) ? PictureDecoder.Decode(InputFile.ReadBytes(file, PictureDecoder.MaxFileBytes), file) : null;
        }
        catch (FileFormatException)
        {
            return null;
        }
    }
}
