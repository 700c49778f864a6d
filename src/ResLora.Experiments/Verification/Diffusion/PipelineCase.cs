using System.Text.Json;
using ResLora.Adapters;
using ResLora.Experiments.Workloads.TextToImage;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Images.Folders;
using ResLora.Models;
using ResLora.Models.Diffusion;
using ResLora.Models.Diffusion.Sampling;
using ResLora.Tensors.Safetensors;
using ResLora.Text.Tokenization;
using ResLora.Training.Objectives.Denoising;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Diffusion;

/// <summary>
/// A trained pipeline with real pictures: from prompts to pictures, from pictures to latents and losses, and steps of training. Model and
/// pictures lie in the folders <c>models</c> and <c>data</c> beside the one that holds the cases.
/// </summary>
internal sealed class PipelineCase : IDisposable
{
    private const string Kind = "diffusion_pipeline";
    private const string PictureFolder = "emoji";

    private static readonly string[] _sets = ["google", "twitter"];

    private readonly string _folder;
    private readonly string _around;
    private readonly JsonDocument _file;
    private readonly string _model;
    private readonly SafetensorsReader _expected;
    private readonly Dictionary<string, Tensor> _got = new(StringComparer.Ordinal);

    private PipelineCase(string folder)
    {
        _folder = folder;
        _around = Path.GetDirectoryName(Path.GetDirectoryName(folder))!;
        _model = Path.Combine(_around, "models", DiffusionCases.Named(folder, "model"));
        if (!Directory.Exists(_model) || !Directory.Exists(Path.Combine(_around, "data", PictureFolder)))
        {
            throw new ConfigException(
                $"{folder}: '{_model}', or the pictures in '{Path.Combine(_around, "data", PictureFolder)}', are not there");
        }

        _file = CheckedJson.Read(Path.Combine(folder, "case.json"));
        _expected = SafetensorsReader.Open(Path.Combine(folder, "expected.safetensors"));
    }

    public static bool IsOne(string folder) => DiffusionCases.TextOf(Path.Combine(folder, "case.json"), "kind") == Kind;

    public static CaseReport Run(string name, string folder)
    {
        using var scope = NewDisposeScope();
        using var one = new PipelineCase(folder);
        using (no_grad())
        {
            one.Sample();
            one.Losses();
        }

        one.Train();
        return Comparison.Compare(
            name, DiffusionCases.Kind, folder, one._got, quantity => DiffusionCases.ToleranceOf(folder, KindOf(quantity)), IsGiven);
    }

    public void Dispose()
    {
        _file.Dispose();
        _expected.Dispose();
    }

    /// <summary>What the case brings in, and is not computed.</summary>
    private static bool IsGiven(string quantity) => quantity is "sample.initial_latents" or "train.noise" or "train.timesteps"
        || quantity.EndsWith(".noise", StringComparison.Ordinal)
        || (quantity.EndsWith(".timesteps", StringComparison.Ordinal) && quantity != "sample.timesteps");

    private static string KindOf(string quantity) => quantity[(quantity.IndexOf('.', StringComparison.Ordinal) + 1)..] switch
    {
        "images" => "images",
        "latents" when quantity == "sample.latents" => "sample",
        "latents" => "latents",
        "loss" or "losses" or "gradient_norms" => "losses",
        _ => "model_pred",
    };

    private ClipTokenizer Tokenizer(TextToImageModel model) =>
        ClipTokenizer.Load(Path.Combine(_model, PipelineParts.Tokenizer), model.TextEncoder.MaxTokens);

    private static Tensor Ids(ClipTokenizer tokenizer, IEnumerable<string> texts) =>
        stack([.. texts.Select(text => tensor(tokenizer.Encode(text).Select(id => (long)id).ToArray()))]);

    private void Sample()
    {
        using var model = (TextToImageModel)ModelRegistry.Load(_model, float32);
        using var vae = (PictureAutoencoder)ModelRegistry.Load(Path.Combine(_model, PipelineParts.Autoencoder), float32);
        var tokenizer = Tokenizer(model);
        string[] prompts = [.. _file.RootElement.GetProperty("prompts").EnumerateArray().Select(prompt => prompt.GetString()!)];
        var ids = _got["sample.input_ids"] = Ids(tokenizer, prompts);
        var text = _got["sample.text"] = model.Encode(ids);
        var without = model.Encode(Ids(tokenizer, prompts.Select(_ => "")));
        using var sampler = Samplers.Of(SchedulerConfig.Read(_model), (int)DiffusionCases.NumberOf(_folder, "steps"));
        _got["sample.timesteps"] = tensor(sampler.Timesteps.Select(t => (long)t).ToArray());
        var guidance = DiffusionCases.NumberOf(_folder, "guidance");
        var latents = _got["sample.latents"] = sampler.Run(
            _expected.Read("sample.initial_latents"),
            (seen, timestep) => DiffusionCases.Guided(model, seen, timestep, without, text, guidance));
        _got["sample.images"] = vae.Picture(latents);
    }

    private void Losses()
    {
        using var model = (TextToImageModel)ModelRegistry.Load(_model, float32);
        using var vae = (PictureAutoencoder)ModelRegistry.Load(Path.Combine(_model, PipelineParts.Autoencoder), float32);
        var schedule = new NoiseSchedule(SchedulerConfig.Read(_model));
        var tokenizer = Tokenizer(model);
        var preprocessor = EncodedCaptions.PreprocessorOf(_expected.Read("sample.images").shape[^1]);
        foreach (var set in _sets)
        {
            JsonElement[] pictures = [.. _file.RootElement.GetProperty("pictures").GetProperty(set).EnumerateArray()];
            var pixels = stack([.. pictures.Select(picture =>
            {
                var file = picture.GetProperty("file").GetString()!;
                var source = PictureSource.OfFile(file, Path.Combine(_around, "data", PictureFolder, file));
                var fitted = preprocessor.Fit(source.Decode(), file);
                return tensor(preprocessor.Values(fitted)).view(3, fitted.Height, fitted.Width);
            })]);   // [B, 3, Y, X]
            var latents = _got[$"{set}.latents"] = vae.Encode(pixels).Mean * vae.ScalingFactor;
            var ids = _got[$"{set}.input_ids"] = Ids(tokenizer, pictures.Select(picture => picture.GetProperty("text").GetString()!));
            var (noise, timesteps) = (_expected.Read($"{set}.noise"), _expected.Read($"{set}.timesteps"));
            var said = _got[$"{set}.model_pred"] = model.Denoise(
                schedule.AddNoise(latents, noise, timesteps), timesteps, model.Encode(ids));
            _got[$"{set}.loss"] = (said - schedule.Target(latents, noise, timesteps)).square().flatten(1).mean([1]);
        }
    }

    private void Train()
    {
        var settings = _file.RootElement.GetProperty("train");
        using var model = (TextToImageModel)ModelRegistry.Load(_model, float32);
        // The files hold no alpha, so that it is taken for the rank.
        var strength = settings.GetProperty("alpha").GetDouble() / settings.GetProperty("rank").GetDouble();
        var adapted = AdapterStore.Load(model, AdapterStore.Describe(Path.Combine(_folder, "adapter_before")).WithStrength(strength));
        model.BeginForward = mask => adapted.BeginPass(mask);
        var objective = new DenoisingObjective(
            model, new NoiseSchedule(SchedulerConfig.Read(_model)), new DenoisingConfig(), trainsText: true);
        var (latents, ids, noise, timesteps) =
            (
                _expected.Read("twitter.latents"),
                _expected.Read("twitter.input_ids"),
                _expected.Read("train.noise"),
                _expected.Read("train.timesteps"));
        var (steps, rows) = ((int)timesteps.shape[0], (int)timesteps.shape[1]);
        var (losses, norms) = DenoisingSteps.Run(
            objective,
            adapted.TrainableParameters(),
            GivenSteps.ConfigOf(settings, "learning_rate"),
            _ => 1,
            steps,
            step =>
            {
                var places = tensor(Enumerable.Range(0, rows).Select(row => ((rows * (long)step) + row) % latents.shape[0]).ToArray());
                return objective.Noisy(latents.index_select(0, places), noise[step], timesteps[step], ids.index_select(0, places));
            });
        (_got["train.losses"], _got["train.gradient_norms"]) = (tensor(losses, float32), tensor(norms, float32));
    }
}
