using ResLora.Experiments.Workloads.Pictures;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.Diffusion;
using ResLora.Tensors.Safetensors;
using ResLora.Training;
using ResLora.Training.Objectives.Denoising;
using static TorchSharp.torch;

namespace ResLora.Experiments.Workloads.TextToImage;

/// <summary>Pictures to make from captions.</summary>
internal sealed class TextToImageWorkload : Workload
{
    /// <summary>The name of its task.</summary>
    public const string TaskName = "text-to-image";

    private const string TextEncoderPrefix = PipelineParts.TextEncoder + ".";

    /// <inheritdoc />
    public override IReadOnlyList<string> Tasks { get; } = [TaskName];

    /// <inheritdoc />
    public override KeyValuePair<string, IReadOnlyList<string>> Companions { get; } = new(
        "the pipeline's settings",
        [
            "unet/config.json", "text_encoder/config.json", "vae/config.json", "scheduler/scheduler_config.json", "tokenizer/vocab.json",
            "tokenizer/merges.txt", "tokenizer/tokenizer.json", "tokenizer/tokenizer_config.json", "tokenizer/special_tokens_map.json",
        ]);

    /// <inheritdoc />
    public override TemplateWords Words { get; } = new(
        "model_index.json, unet/, text_encoder/, vae/, tokenizer/ and scheduler/, as diffusers writes it",
        "What is learnt: to make pictures from captions.",
        "A folder of pictures with metadata.csv, .jsonl or .parquet or a .txt beside each, or a table with paths or bytes of pictures.",
        "pictures",
        "A folder or a table to validate on.",
        "other-pictures",
        "{image: picture, text: caption}",
        HasLength: false,
        Further: """
            denoising:
              # Pictures are resized and cut to a square of so many pixels. Without this key: the model's own size.
              # resolution: 512
              # Timesteps with little noise count less (min-SNR); without this key all count alike.
              # snrGamma: 5
              # The share of pictures that are mirrored; 0 where left and right, or letters, mean something.
              horizontalFlip: 0

            # Pictures that are made at the start and at every evaluation, to see it learn (samples.png).
            samples:
              prompts: ["a red apple", "a house at night"]
              steps: 20
              guidance: 7.5


            """);

    /// <inheritdoc />
    public override bool Denoises => true;

    /// <summary>The noise schedule of a pipeline.</summary>
    /// <param name="folder">Its folder.</param>
    /// <exception cref="ResLoraException">There is none, or it is not supported.</exception>
    public static NoiseSchedule ScheduleOf(string folder) => new(SchedulerConfig.Read(folder));

    /// <summary>Whether a layer or a parameter is the text encoder's, by its dotted name.</summary>
    public static bool IsOfText(string name) => name.StartsWith(TextEncoderPrefix, StringComparison.Ordinal);

    /// <summary>Whether a session's adapter has blocks on the text encoder.</summary>
    public static bool AdaptsText(ModelSession session) => session.Adapter?.Blocks.Any(block => IsOfText(block.ModuleName)) == true;

    /// <inheritdoc />
    public override bool Fits(Network network) => network is TextToImageModel;

    /// <inheritdoc />
    public override string Misfit(string task, string model) =>
        $"Task '{task}' makes pictures, and {model} is no pipeline of Stable Diffusion (model_index.json); take one, or another task.";

    /// <inheritdoc />
    public override PredictionInputs Inputs(PredictionSource source, ModelSession session, IEnumerable<string> lines) =>
        throw new ConfigException(
        $"{session.ModelFolder}: this model makes pictures from texts and labels none; make pictures with imagine, or take a ViT or an encoder.");

    /// <inheritdoc />
    public override IEnumerable<string> Problems(DataConfig data)
    {
        if (data.Augment is not null)
        {
            yield return "augment is for pictures with labels; here there is denoising.horizontalFlip";
        }

        foreach (var problem in data.GivenForGeneration())
        {
            yield return problem;
        }
    }

    /// <inheritdoc />
    public override (string Task, string Reason) FindTask(string data) => (TaskName, "the model makes pictures");

    /// <inheritdoc />
    public override TaskData Read(RunSource source, Network network, bool headIsNew) =>
        new CaptionedPictures(source.Model, PictureSplit.ReadCaptions(source.Data), source.Denoising);

    /// <inheritdoc />
    public override TaskData Read(GivenData given, ModelSession session)
    {
        var pictures = PictureSplit.Given(given, PictureSplit.CaptionRequest(given.Columns)).Pictures;
        return new CaptionedPictures(session.ModelFolder, new PictureSplit(pictures, []), new DenoisingConfig());
    }

    /// <inheritdoc />
    public override MeasuredExamples Invent(ModelSession session, int seed, string purpose)
    {
        const int pictures = 32;
        var (model, schedule) = ((TextToImageModel)session.Model, ScheduleOf(session.ModelFolder));
        var objective = new DenoisingObjective(model, schedule, new DenoisingConfig(), AdaptsText(session));
        return new MeasuredExamples(
            $"{pictures} random latents",
            objective,
            [.. Enumerable.Range(0, pictures).Select(i => Random(model, schedule, (seed * pictures) + i))]);
    }

    /// <inheritdoc />
    public override Tensor Outputs(Network network, IExample example)
    {
        using var scope = NewDisposeScope();
        var (model, picture) = ((TextToImageModel)network, (DenoisingExample)example);
        var ids = tensor(picture.Ids(isDropped: false).Select(id => (long)id).ToArray(), device: model.Device).unsqueeze(0);   // [1, T]
        // [1, C, Y, X]
        var latents = picture.Latents(mirrored: false).Mean.to(model.DataType).to(model.Device).unsqueeze(0);
        var timestep = tensor([(long)(picture.Fixed?.Timestep ?? 0)], device: model.Device);
        return model.Denoise(latents, timestep, model.Encode(ids)).flatten(1, 2).to(float32).MoveToOuterDisposeScope();   // [1, C · Y, X]
    }

    /// <summary>A seed: pictures themselves are too large for a report, so that proofs are repeated on random ones.</summary>
    /// <inheritdoc />
    public override IReadOnlyList<int> Numbers(IExample example, int most) => [SeedOf(example)];

    /// <inheritdoc />
    public override IExample Example(IReadOnlyList<int> numbers, ModelSession session) =>
        Random((TextToImageModel)session.Model, ScheduleOf(session.ModelFolder), numbers[0]);

    /// <inheritdoc />
    public override long NumbersBelow(Network network) => int.MaxValue;

    private static RandomLatent Random(TextToImageModel model, NoiseSchedule schedule, int seed)
    {
        var timestep = (int)(new StableRandom((ulong)seed).Next() % (ulong)schedule.TrainTimesteps);
        return new RandomLatent(model, seed) { Fixed = new FixedNoise(timestep, seed) };
    }
}
