using System.Security.Cryptography;
using System.Text;
using ResLora.Images.Folders;
using ResLora.Images.Preprocessing;
using ResLora.Models;
using ResLora.Tensors.NativeRuntime;
using ResLora.Tensors.Safetensors;
using ResLora.Text.Tokenization;
using ResLora.Training;
using ResLora.Training.Generation;
using static TorchSharp.torch;

namespace ResLora.Experiments.Workloads.TextToImage;

/// <summary>
/// Pictures as latents and captions as what the text encoder makes of them: computed once, kept on the disk. A file's name is a digest of
/// the picture or caption, the encoder and the settings, so that a change of any makes another file.
/// </summary>
internal sealed class EncodedCaptions
{
    private const string Mean = "mean", Deviation = "deviation", Mirrored = "mirrored_", Text = "text";

    // Another way to compute any of it needs another number.
    private const string Version = "1";

    private readonly TensorCache _cache;
    private readonly string _folder;
    private readonly Preprocessor _preprocessor;
    // Whole files are read for these: a plan does without.
    private readonly Lazy<string> _pictureTerms;
    private readonly Lazy<string> _textTerms;
    private readonly Lazy<string> _noCaptionKey;
    private readonly int _textWidth;

    /// <summary>Makes nothing yet.</summary>
    /// <param name="model">The pipeline's networks, which may be on the meta device.</param>
    /// <param name="folder">The pipeline's folder.</param>
    /// <param name="resolution">Height and width of pictures, in pixels; null for the pipeline's own size.</param>
    /// <param name="mirrors">Whether mirrored pictures are wanted, too.</param>
    /// <param name="cache">Where it is kept.</param>
    /// <exception cref="Formats.Errors.ResLoraException">The autoencoder or the tokenizer cannot be used, or the size does not
    /// fit.</exception>
    public EncodedCaptions(TextToImageModel model, string folder, int? resolution, bool mirrors, TensorCache cache)
    {
        (_cache, _folder, Mirrors) = (cache, folder, mirrors);
        Tokenizer = PromptTokenizer.Load(model, folder);
        NoCaption = Tokenizer.Encode("");
        using var vae = PictureAutoencoder.Build(folder);
        var side = resolution ?? PictureSizes.Usual(model.UNet, vae).Height;
        LatentShape = PictureSizes.Latents(model.UNet, vae, side, folder);
        _textWidth = model.TextEncoder.HiddenSize;
        _preprocessor = PreprocessorOf(side);
        _pictureTerms = new(() => $"{Version} {DigestOf(PipelineParts.Autoencoder)} {side}");
        var type = model.TextEncoder.DataType;   // in 16 bits it says something else
        _textTerms = new(() => $"{Version} {DigestOf(PipelineParts.TextEncoder)} {type}");
        _noCaptionKey = new(() => KeyOf(NoCaption));
    }

    /// <summary>What is done to pictures: the shorter side is resized, the middle cut out, and 0 to 255 become −1 to 1.</summary>
    /// <param name="resolution">Height and width, in pixels.</param>
    public static Preprocessor PreprocessorOf(long resolution) => new()
    {
        Resize = new ResizeRule.ShortestEdge((int)resolution),
        Resampling = Resampling.Lanczos,
        Crop = ((int)resolution, (int)resolution),
        RescaleFactor = 1 / 255.0,
        Mean = [0.5, 0.5, 0.5],
        Deviation = [0.5, 0.5, 0.5],
    };

    /// <summary>Turns captions into tokens.</summary>
    public ClipTokenizer Tokenizer { get; }

    /// <summary>The tokens of the empty caption.</summary>
    public IReadOnlyList<int> NoCaption { get; }

    /// <summary>What stands for the empty caption's encoding.</summary>
    public string NoCaptionKey => _noCaptionKey.Value;

    /// <summary>C, Y and X of the latents.</summary>
    public long[] LatentShape { get; }

    /// <summary>Whether mirrored pictures are encoded, too.</summary>
    public bool Mirrors { get; }

    /// <summary>What stands for a picture's latents.</summary>
    public string KeyOf(PictureSource picture) => Key($"{_pictureTerms.Value} {picture.Digest()}");

    /// <summary>What stands for a text's encoding.</summary>
    public string KeyOf(IReadOnlyList<int> ids) => Key($"{_textTerms.Value} {string.Join(' ', ids)}");

    /// <summary>Latents that are there, by their key.</summary>
    public (Tensor Mean, Tensor Deviation) Latents(string key, bool mirrored)
    {
        var prefix = mirrored ? Mirrored : "";
        return _cache.Read(
            key,
            prefix + Mean,
            prefix + Deviation) is [var mean, var deviation] ? (mean, deviation) : throw new InvalidOperationException();
    }

    /// <summary>A text's encoding that is there, by its key.</summary>
    public Tensor Encoded(string key) => _cache.Read(key, Text)[0];

    /// <summary>Computes what is not there.</summary>
    /// <param name="session">The pipeline, with its weights.</param>
    /// <param name="pictures">The pictures.</param>
    /// <param name="captions">The captions' tokens.</param>
    /// <param name="told">Is told how many pictures are encoded, of how many; null for nobody.</param>
    /// <param name="stop">Ends it between two pictures.</param>
    /// <exception cref="Formats.Errors.FileFormatException">A picture is broken.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; what is encoded stays.</exception>
    public void Prepare(
        ModelSession session, IEnumerable<PictureSource> pictures, IEnumerable<IReadOnlyList<int>> captions, Action<int, int>? told, CancellationToken stop)
    {
        using var noGradient = no_grad();
        using var pause = new CollectionPause();
        PrepareTexts((TextToImageModel)session.Model, captions, stop);
        PictureSource[] missing = [.. pictures.DistinctBy(KeyOf).Where(picture => !_cache.Has(KeyOf(picture), PictureShapes()))];
        if (missing.Length == 0)
        {
            return;
        }

        using var vae = PictureAutoencoder.Load(_folder, session.Model.Device);
        for (var i = 0; i < missing.Length; i++)
        {
            stop.ThrowIfCancellationRequested();
            CollectionPause.Between();
            using var scope = NewDisposeScope();
            var picture = missing[i];
            var fitted = _preprocessor.Fit(picture.Decode(), picture.Place);
            var pixels = tensor(_preprocessor.Values(fitted), device: vae.Device)
                .view(1, 3, fitted.Height, fitted.Width);   // [1, 3, Y, X]
            var tensors = Encode(vae, pixels, "").Concat(Mirrors ? Encode(vae, pixels.flip(3), Mirrored) : []).ToDictionary();
            _cache.Write(KeyOf(picture), tensors);
            told?.Invoke(i + 1, missing.Length);
        }
    }

    private void PrepareTexts(TextToImageModel model, IEnumerable<IReadOnlyList<int>> captions, CancellationToken stop)
    {
        foreach (var ids in captions.DistinctBy(KeyOf))
        {
            if (_cache.Has(KeyOf(ids), new Dictionary<string, long[]> { [Text] = [ids.Count, _textWidth] }))
            {
                continue;
            }

            stop.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var row = tensor(ids.Select(id => (long)id).ToArray(), device: model.Device).unsqueeze(0);   // [1, T]
            var states = model.TextEncoder.Forward(row);                                                // [1, T] -> [1, T, D]
            _cache.Write(KeyOf(ids), new Dictionary<string, Tensor> { [Text] = states[0].to(float32) });
        }
    }

    // [1, 3, Y, X] -> 2 x [C, Y, X]
    private static Dictionary<string, Tensor> Encode(PictureAutoencoder vae, Tensor pixels, string prefix)
    {
        var (mean, logVariance) = vae.Encode(pixels);
        return new()
        {
            [prefix + Mean] = mean[0] * vae.ScalingFactor,
            [prefix + Deviation] = (logVariance[0] / 2).exp() * vae.ScalingFactor,
        };
    }

    private Dictionary<string, long[]> PictureShapes() => new[] { "", Mirrored }
        .Take(Mirrors ? 2 : 1)
        .SelectMany(prefix => new[] { prefix + Mean, prefix + Deviation })
        .ToDictionary(name => name, _ => LatentShape);

    private string DigestOf(string part)
    {
        var folder = Path.Combine(_folder, part);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Directory.EnumerateFiles(folder).Where(
            file => Path.GetExtension(file) is ".json" or ".safetensors").Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(file)));
            using var stream = File.OpenRead(file);
            hash.AppendData(SHA256.HashData(stream));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private string Key(string all)
    {
        const int digits = 40;
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Mirrors ? all + " mirrored" : all)))[..digits];
    }
}
