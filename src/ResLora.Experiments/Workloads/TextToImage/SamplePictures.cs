using System.Globalization;
using ResLora.Experiments.Plots;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Images;
using ResLora.Images.Decoding;
using ResLora.Images.Writing;
using ResLora.Training;
using ResLora.Training.Generation;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Workloads.TextToImage;

/// <summary>
/// Makes the same pictures at the start of a run and at every evaluation: a PNG each (<c>samples/000100/0.png</c>), and all of them with a
/// column a step (<c>samples.png</c>).
/// </summary>
internal sealed class SamplePictures : IRunWatcher
{
    private const string FolderName = "samples";
    private const string StripName = "samples.png";
    private const string StepFormat = "D6";

    // A strip of hundreds of pictures would take gigabytes to draw, and nobody looks at it.
    private const int MostColumns = 20;

    private readonly SamplesConfig _config;
    private readonly string _folder;
    private readonly ImageGenerator _generator;
    private readonly CancellationToken _stop;

    /// <summary>Opens what is needed.</summary>
    /// <param name="session">The pipeline, borrowed.</param>
    /// <param name="config">Which pictures.</param>
    /// <param name="runFolder">The run's folder.</param>
    /// <param name="stop">Ends it between two steps of a picture.</param>
    /// <exception cref="ResLoraException">A file of the pipeline cannot be used.</exception>
    public SamplePictures(ModelSession session, SamplesConfig config, string runFolder, CancellationToken stop)
    {
        (_config, _folder, _stop, _generator) = (config, runFolder, stop, new ImageGenerator(session));
        try
        {
            _generator.SamplerName(config.Settings("", 0));   // known before the run's folder is written
        }
        catch
        {
            _generator.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public void Begin(IProgress<RunEvent>? progress)
    {
        if (!Directory.Exists(Path.Combine(_folder, FolderName)))
        {
            Make(0, progress);
        }
    }

    /// <inheritdoc />
    public void Report(RunEvent value, IProgress<RunEvent>? progress)
    {
        if (value is EvaluationDone done)
        {
            Make(done.Step, progress);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _generator.Dispose();

    private void Make(int step, IProgress<RunEvent>? progress)
    {
        try
        {
            for (var place = 0; place < _config.Prompts.Count; place++)
            {
                using var pixels = _generator.Generate(_config.Settings(_config.Prompts[place], place), null, _stop);
                PngFile.Write(FileOf(step, place), PictureTensor.ToImage(pixels), new Dictionary<string, string> { ["prompt"] = _config.Prompts[place] });
            }

            Draw();
            progress?.Report(new Note(step, $"Pictures of step {step} are in {Path.Combine(_folder, StripName)}."));
        }
        catch (OperationCanceledException)
        {
            // The run is stopping: what it has learnt is saved by itself.
        }
        catch (ResLoraException error) when (error is DiskFullException || error.InnerException is IOException or UnauthorizedAccessException)
        {
            Warnings.Add($"Pictures of step {step} cannot be written, and the run goes on without: {error.Message}");
        }
    }

    /// <summary>All pictures that there are, those of an earlier part of a resumed run too.</summary>
    private void Draw()
    {
        int[] steps =
        [
            .. Directory.EnumerateDirectories(Path.Combine(_folder, FolderName))
                .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : -1)
                .Where(step => step >= 0)
                .Order(),
        ];
        steps = Some(steps);
        PictureGrid.Write(
            Path.Combine(_folder, StripName),
            [.. steps.Select(step => $"step {step}")],
            [.. _config.Prompts.Select((prompt, place) => (prompt, (IReadOnlyList<PixelImage?>)[.. steps.Select(step => Read(FileOf(step, place)))]))]);
    }

    /// <summary>The first, the last and as many between them as can be looked at.</summary>
    private static int[] Some(int[] steps) => steps.Length <= MostColumns
        ? steps
        : [.. Enumerable.Range(0, MostColumns).Select(column => steps[(int)((long)column * (steps.Length - 1) / (MostColumns - 1))])];

    private string FileOf(int step, int place) => Path.Combine(
        _folder, FolderName, step.ToString(StepFormat, CultureInfo.InvariantCulture), place.ToString(CultureInfo.InvariantCulture) + ".png");

    /// <summary>Null for a picture that is gone or that somebody has changed: no run ends for that.</summary>
    private static PixelImage? Read(string file)
    {
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
