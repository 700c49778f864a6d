using ResLora.Formats.Errors;
using ResLora.Images.Writing;
using ResLora.Training;
using ResLora.Training.Generation;
using ResLora.Training.Loop;
using static TorchSharp.torch;

namespace ResLora.Experiments.Workloads.TextToImage;

/// <summary>
/// Makes the same pictures at the start of a run and at every evaluation: a PNG each (<c>samples/000100/0.png</c>), and all of them with a
/// column a step (<c>samples.png</c>).
/// </summary>
internal sealed class SamplePictures : IRunWatcher
{
    private readonly SamplesConfig _config;
    private readonly RunSamples _samples;
    private readonly string _strip;
    private readonly ImageGenerator _generator;
    private readonly (string DataType, string Model, string Run) _source;
    private readonly CancellationToken _stop;

    /// <summary>Opens what is needed.</summary>
    /// <param name="session">The pipeline, borrowed.</param>
    /// <param name="config">Which pictures.</param>
    /// <param name="runFolder">The run's folder.</param>
    /// <param name="stop">Ends it between two steps of a picture.</param>
    /// <exception cref="ResLoraException">A file of the pipeline cannot be used.</exception>
    public SamplePictures(ModelSession session, SamplesConfig config, string runFolder, CancellationToken stop)
    {
        (_config, _samples, _strip) = (config, new RunSamples(runFolder), Path.Combine(runFolder, "samples.png"));
        (_stop, _generator) = (stop, new ImageGenerator(session));
        _source = (session.Model.DataType.ToString().ToLowerInvariant(), session.ModelFolder, runFolder);
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
        if (!_samples.Exists)
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

    private Dictionary<string, string> Texts(ImageSettings settings, Tensor pixels, int step) => PictureTexts.Of(
        settings, _generator.SamplerName(settings), (pixels.shape[2], pixels.shape[1]), _source.DataType, _source.Model, _source.Run, step);

    private void Make(int step, IProgress<RunEvent>? progress)
    {
        try
        {
            for (var place = 0; place < _config.Prompts.Count; place++)
            {
                var settings = _config.Settings(_config.Prompts[place], place);
                using var pixels = _generator.Generate(settings, null, _stop);
                PngFile.Write(_samples.FileOf(step, place), PictureTensor.ToImage(pixels), Texts(settings, pixels, step));
            }

            FilmStrip.Write(_strip, _samples.Steps, _config.Prompts.Select((prompt, place) => (prompt, _samples, place)));
            progress?.Report(new Note(step, $"Pictures of step {step} are in {_strip}."));
        }
        catch (OperationCanceledException)
        {
            // The run is stopping: what it has learnt is saved by itself.
        }
        catch (ResLoraException error) when (
            error is DiskFullException || error.InnerException is IOException or UnauthorizedAccessException)
        {
            Warnings.Add($"Pictures of step {step} cannot be written, and the run goes on without: {error.Message}");
        }
    }
}
