using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Images.Augmentation;
using ResLora.Images.Folders;
using ResLora.Images.Loading;
using ResLora.Images.Preprocessing;
using ResLora.Models;

namespace ResLora.Experiments.Workloads.Pictures;

/// <summary>Brings pictures into the form that a network takes, as the preprocessor's file beside it says.</summary>
internal sealed class PictureFeed
{
    private readonly ImageModel _model;
    private readonly Augmenter _augmenter;
    private readonly PictureCache _cache;

    /// <summary>Takes a preprocessor.</summary>
    /// <param name="model">The network.</param>
    /// <param name="preprocessor">What it wants done to pictures.</param>
    /// <param name="place">Where that is written, for errors.</param>
    /// <param name="augment">How pictures are changed in training; null for not at all.</param>
    /// <param name="cache">The most bytes of decoded pictures that are kept.</param>
    /// <exception cref="ConfigException">What it makes does not fit the network.</exception>
    public PictureFeed(ImageModel model, Preprocessor preprocessor, string place, AugmentConfig? augment, long cache)
    {
        var size = preprocessor.OutputSize;
        if (size != (model.ImageSize.Height, model.ImageSize.Width))
        {
            var made = size is { } known ? $"pictures of {known.Width} x {known.Height} pixels" : "pictures of several sizes";
            throw new ConfigException(
                $"{place} makes {made}, and the model takes {model.ImageSize} pixels; set size and crop_size to that.");
        }

        (_model, _augmenter) = (model, new Augmenter(preprocessor, augment));
        _cache = new PictureCache(_augmenter.Prepare, cache);
    }

    /// <summary>Reads the preprocessor's file.</summary>
    /// <param name="model">The network.</param>
    /// <param name="folder">Its folder.</param>
    /// <param name="settings">How pictures are changed in training, and how many are kept in memory; null for neither.</param>
    /// <returns>The feed.</returns>
    /// <exception cref="ResLoraException">There is no such file, or what it makes does not fit the network.</exception>
    public static PictureFeed Read(ImageModel model, string folder, DataConfig? settings) => new(
        model, PreprocessorFile.Read(folder), Path.Combine(folder, PreprocessorFile.FileName), settings?.Augment,
        settings is null ? 0 : ByteSize.Parse("data.pictureCache", settings.PictureCache));

    /// <summary>A picture as an example.</summary>
    /// <param name="source">Where it is.</param>
    /// <param name="label">Its label; null for none.</param>
    public LoadedPicture Example(PictureSource source, int? label) => new(this, source, _model.TokenCount, label);

    /// <summary>Says that a picture will be asked for soon.</summary>
    public void Expect(PictureSource source) => _cache.Expect(source);

    /// <summary>The numbers of a picture: [C, Y, X], changed at random where a seed is given.</summary>
    public float[] Values(PictureSource source, ulong? seed) => _augmenter.Values(_cache.Get(source), source.Place, seed);
}
