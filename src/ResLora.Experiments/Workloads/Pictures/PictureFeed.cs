using ResLora.Formats.Errors;
using ResLora.Images.Folders;
using ResLora.Images.Preprocessing;
using ResLora.Models;

namespace ResLora.Experiments.Workloads.Pictures;

/// <summary>Brings pictures into the form that a network takes, as the preprocessor's file beside it says.</summary>
internal sealed class PictureFeed
{
    private readonly ImageModel _model;
    private readonly Preprocessor _preprocessor;

    /// <summary>Takes a preprocessor.</summary>
    /// <param name="model">The network.</param>
    /// <param name="preprocessor">What it wants done to pictures.</param>
    /// <param name="place">Where that is written, for errors.</param>
    /// <exception cref="ConfigException">What it makes does not fit the network.</exception>
    public PictureFeed(ImageModel model, Preprocessor preprocessor, string place)
    {
        (_model, _preprocessor) = (model, preprocessor);
        var size = _preprocessor.OutputSize;
        if (size != (model.ImageSize.Height, model.ImageSize.Width))
        {
            var made = size is { } known ? $"pictures of {known.Width} x {known.Height} pixels" : "pictures of several sizes";
            throw new ConfigException(
                $"{place} makes {made}, and the model takes {model.ImageSize} pixels; set size and crop_size to that.");
        }
    }

    /// <summary>Reads the preprocessor's file.</summary>
    /// <param name="model">The network.</param>
    /// <param name="folder">Its folder.</param>
    /// <returns>The feed.</returns>
    /// <exception cref="ResLoraException">There is no such file, or what it makes does not fit the network.</exception>
    public static PictureFeed Read(ImageModel model, string folder) =>
        new(model, PreprocessorFile.Read(folder), Path.Combine(folder, PreprocessorFile.FileName));

    /// <summary>A picture as an example.</summary>
    /// <param name="source">Where it is.</param>
    /// <param name="label">Its label; null for none.</param>
    public LoadedPicture Example(PictureSource source, int? label) => new(source, _preprocessor, _model.TokenCount, label);
}
