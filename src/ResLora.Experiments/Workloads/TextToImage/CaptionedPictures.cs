using System.Globalization;
using ResLora.Experiments.Workloads.Pictures;
using ResLora.Formats;
using ResLora.Images.Folders;
using ResLora.Models;
using ResLora.Models.Diffusion;
using ResLora.Training;
using ResLora.Training.Evaluation;
using ResLora.Training.Loop;
using ResLora.Training.Objectives;
using ResLora.Training.Objectives.Denoising;

namespace ResLora.Experiments.Workloads.TextToImage;

/// <summary>Pictures with captions, listed and not decoded.</summary>
/// <param name="folder">The pipeline's folder.</param>
/// <param name="split">The pictures.</param>
/// <param name="config">How they are learnt.</param>
internal sealed class CaptionedPictures(string folder, PictureSplit split, DenoisingConfig config) : TaskData
{
    private readonly Lazy<NoiseSchedule> _schedule = new(() => TextToImageWorkload.ScheduleOf(folder));
    private EncodedCaptions? _encoded;

    /// <inheritdoc />
    public override string Task => TextToImageWorkload.TaskName;

    /// <inheritdoc />
    public override bool HasValidation => split.HeldOut.Count > 0;

    /// <inheritdoc />
    public override string PicturePrompt => split.Train[0].Caption!;

    /// <inheritdoc />
    public override string LossUnit => "mean squared error";

    /// <inheritdoc />
    public override string TrainingLoss => config.SnrGamma is null ? base.TrainingLoss : "training (min-SNR weights)";

    /// <inheritdoc />
    public override IEnumerable<KeyValuePair<string, string>> Facts(EncodedData data)
    {
        var encoded = _encoded!;
        var cut = split.Train.Concat(split.HeldOut).Count(picture => encoded.Tokenizer.Count(picture.Caption!) > encoded.Tokenizer.Length);
        yield return new("data", string.Create(
            CultureInfo.InvariantCulture,
            $"{split.Train.Count:N0} pictures with captions, {split.HeldOut.Count} for validation, each at {DenoisingObjective.Bands} timesteps"
            + $"{(split.Broken == 0 ? "" : $"; {split.Broken} are broken and left out")}"));
        yield return new("latents", $"{encoded.LatentShape[1]} x {encoded.LatentShape[2]} of {encoded.LatentShape[0]} channels");
        yield return new("captions", $"{encoded.Tokenizer.Length} tokens{(cut == 0 ? "" : $"; {cut} are longer and are cut")}");
    }

    /// <summary>Digests of the files.</summary>
    /// <inheritdoc />
    public override IEnumerable<string> Inputs(bool heldOut) => split.Digests(heldOut);

    /// <inheritdoc />
    public override EncodedData Encode(ModelSession session, EncodingTerms terms)
    {
        var encoded = Encoder(session);
        return new EncodedData(
            new([.. split.Train.Select(picture => new CaptionedPicture(encoded, picture.Source, picture.Caption!))]),
            Measured(encoded, split.HeldOut));
    }

    /// <inheritdoc />
    public override void Prepare(ModelSession session, IProgress<RunEvent>? progress, CancellationToken stop) =>
        Prepare(session, [.. split.Train, .. split.HeldOut], progress, stop);

    /// <inheritdoc />
    public override Objective ObjectiveFor(ModelSession session, bool packing) =>
        Objective(session, trainsText: session.Adapter is null || TextToImageWorkload.AdaptsText(session));

    /// <inheritdoc />
    public override double RateFactor(string parameter) => TextToImageWorkload.IsOfText(parameter) ? config.TextEncoderRate : 1;

    /// <inheritdoc />
    public override IRunWatcher? Watch(ModelSession session, SamplesConfig samples, string runFolder, CancellationToken stop) =>
        samples.Prompts.Count > 0 ? new SamplePictures(session, samples, runFolder, stop) : null;

    /// <inheritdoc />
    public override MeasuredExamples Take(ModelSession session, bool heldOut, int count, string source)
    {
        var pictures = (heldOut ? split.HeldOut : split.Train).Take(count).ToArray();
        Prepare(session, pictures, null, CancellationToken.None);
        return new MeasuredExamples(
            $"{pictures.Length} pictures of {source}", Objective(
                session, TextToImageWorkload.AdaptsText(session)), Measured(Encoder(session), pictures));
    }

    /// <inheritdoc />
    public override Measurement Measure(ModelSession session, MeasuringTerms terms, CancellationToken stop)
    {
        Prepare(session, split.Train, null, stop);
        var objective = Objective(session, TextToImageWorkload.AdaptsText(session));
        objective.Ranks = terms.Ranks;
        var examples = Measured(Encoder(session), split.Train);
        var metrics = objective.Measure(examples, terms.BatchSize, stop);
        var loss = metrics[Training.Objectives.Objective.LossMetric];
        NotFiniteException.ThrowIfAny(terms.Ranks, session.Model, loss);
        return new Measurement(split.Train.Count, new EvaluationLoss(loss, examples.Count))
        {
            Parts = objective.Parts.ToDictionary(part => part, part => metrics[Training.Objectives.Objective.MetricOf(part)]),
        };
    }

    private DenoisingObjective Objective(ModelSession session, bool trainsText) =>
        new((TextToImageModel)session.Model, _schedule.Value, config, trainsText);

    private void Prepare(
        ModelSession session, IReadOnlyList<LabelledPicture> pictures, IProgress<RunEvent>? progress, CancellationToken stop)
    {
        const int notes = 10;
        var encoded = Encoder(session);
        IReadOnlyList<int>[] captions = TextToImageWorkload.AdaptsText(session)
            ? []
            : [encoded.NoCaption, .. pictures.Select(picture => encoded.Tokenizer.Encode(picture.Caption!))];
        encoded.Prepare(session, pictures.Select(picture => picture.Source), captions, Told, stop);

        void Told(int done, int total)
        {
            if (done * notes / total > (done - 1) * notes / total)
            {
                progress?.Report(new Note(0, $"{done} of {total} pictures are encoded."));
            }
        }
    }

    private EncodedCaptions Encoder(ModelSession session) => _encoded ??= new EncodedCaptions(
        (TextToImageModel)session.Model, folder, config.Resolution, config.HorizontalFlip > 0, TensorCache.OfUser());

    /// <summary>Each picture once in every band of timesteps, with noise of its own: the same whenever it is measured.</summary>
    private IReadOnlyList<IExample> Measured(EncodedCaptions encoded, IReadOnlyList<LabelledPicture> pictures)
    {
        var timesteps = _schedule.Value.TrainTimesteps;
        return
        [
            .. pictures.SelectMany((picture, place) => Enumerable.Range(0, DenoisingObjective.Bands).Select(band =>
            {
                var seed = ((long)place * DenoisingObjective.Bands) + band;
                var within = new StableRandom((ulong)seed).NextDouble();
                var timestep = (int)((band + within) * timesteps / DenoisingObjective.Bands);
                return new CaptionedPicture(encoded, picture.Source, picture.Caption!) { Fixed = new FixedNoise(timestep, seed) };
            })),
        ];
    }
}
