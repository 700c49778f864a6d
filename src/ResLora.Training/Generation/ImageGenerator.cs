using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Models.Diffusion;
using ResLora.Models.Diffusion.Sampling;
using ResLora.Text.Tokenization;
using ResLora.Training.Evaluation;
using static TorchSharp.torch;

namespace ResLora.Training.Generation;

/// <summary>Makes pictures from prompts: noise, as many steps as wanted, and the autoencoder's decoder.</summary>
/// <remarks>Rombach et al., arXiv:2112.10752. Equal settings on one machine and one number of threads give equal pictures.</remarks>
public sealed class ImageGenerator : IDisposable
{
    private readonly TextToImageModel _model;
    private readonly ClipTokenizer _tokenizer;
    private readonly SchedulerConfig _scheduler;
    private readonly PictureAutoencoder _vae;
    private readonly string _folder;

    /// <summary>Opens what a pipeline needs beside its networks.</summary>
    /// <param name="session">The pipeline's networks, perhaps with an adapter; borrowed.</param>
    /// <exception cref="ResLoraException">The model is no pipeline, or a file of it cannot be used.</exception>
    public ImageGenerator(ModelSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        _folder = session.ModelFolder;
        _model = session.Model as TextToImageModel
            ?? throw new ConfigException(
                $"{_folder}: this model makes no pictures; take a pipeline of Stable Diffusion (model_index.json).");
        _tokenizer = PromptTokenizer.Load(_model, _folder);
        _scheduler = SchedulerConfig.Read(_folder);
        _vae = PictureAutoencoder.Load(_folder, _model.Device);
        try
        {
            _vae.RequireFit(_model.UNet, _folder);
        }
        catch
        {
            _vae.Dispose();
            throw;
        }
    }

    /// <summary>How many tokens of a prompt are left out because it is too long; 0 for none.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <returns>The count.</returns>
    public int TokensLeftOut(string prompt) => Math.Max(0, _tokenizer.Count(prompt) - _tokenizer.Length);

    /// <summary>The name of the sampler that settings ask for.</summary>
    /// <param name="settings">The settings.</param>
    /// <returns>Such as <c>ddim</c>.</returns>
    /// <exception cref="ConfigException">There is no such sampler.</exception>
    public string SamplerName(ImageSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        using var sampler = Samplers.Of(_scheduler, settings.Steps, settings.Sampler);
        return sampler.Name;
    }

    /// <summary>Makes a picture.</summary>
    /// <param name="settings">What and how, free of problems.</param>
    /// <param name="told">Is told how many steps are done, of how many; null for nobody.</param>
    /// <param name="stop">Ends it between two steps.</param>
    /// <returns>New tensor [3, Y, X] float32 from 0 to 1, owned by the caller.</returns>
    /// <exception cref="ConfigException">The size does not fit the pipeline, or there is no such sampler, or it cannot do what the pipeline
    /// asks for.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public Tensor Generate(ImageSettings settings, Action<int, int>? told = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        using var mode = new EvaluationMode(_model);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)settings.Seed, CPU);
        using var sampler = Samplers.Of(_scheduler, settings.Steps, settings.Sampler);
        var noise = randn(LatentShape(settings), generator: generator).to(_model.Device);   // [1, C, Y, X]
        // The negative prompt first, as a batch of two: one pass for both.
        var isGuided = settings.Guidance != 1;
        var text = Encode(isGuided ? [settings.Negative, settings.Prompt] : [settings.Prompt]);   // [1 or 2, T, D]
        var latents = sampler.Run(
            noise * sampler.InitialScale, Said, generator, (step, _) => told?.Invoke(step + 1, sampler.Timesteps.Count));
        return _vae.Picture(latents)[0].cpu().MoveToOuterDisposeScope();   // [1, C, Y, X] -> [3, f Y, f X]

        Tensor Said(Tensor seen, double timestep)   // [1, C, Y, X] -> the same
        {
            stop.ThrowIfCancellationRequested();
            var timesteps = tensor(timestep, device: _model.Device).expand(text.shape[0]);   // [1 or 2]
            var said = _model.Denoise(seen.to(_model.DataType).expand(text.shape[0], -1, -1, -1), timesteps, text).to(float32);
            return isGuided ? Guidance.Apply(said[0].unsqueeze(0), said[1].unsqueeze(0), settings.Guidance) : said;
        }
    }

    /// <summary>Frees the autoencoder.</summary>
    public void Dispose() => _vae.Dispose();

    private Tensor Encode(string[] prompts)   // -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var ids = stack([.. prompts.Select(prompt => tensor(_tokenizer.Encode(prompt).Select(id => (long)id).ToArray()))]);   // [B, T]
        return _model.Encode(ids.to(_model.Device)).MoveToOuterDisposeScope();
    }

    private long[] LatentShape(ImageSettings settings)
    {
        const int usual = 64;   // where a configuration does not say
        var latents = _model.UNet.LatentSize ?? new PixelSize(usual, usual);
        var (height, width) = (settings.Height ?? (latents.Height * _vae.Factor), settings.Width ?? (latents.Width * _vae.Factor));
        return height % _vae.Factor == 0 && width % _vae.Factor == 0
            ? [1, _model.UNet.LatentChannels, height / _vae.Factor, width / _vae.Factor]
            : throw new ConfigException(
                $"{_folder}: pictures of {width} x {height} pixels do not fit; both must be multiples of {_vae.Factor}.");
    }
}
