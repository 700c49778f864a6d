using ResLora.Formats.Errors;
using ResLora.Images.Decoding;

namespace ResLora.Images.Preprocessing;

/// <summary>
/// What a model wants done to a picture before it sees it, as its preprocessor_config.json says: resize, crop the middle, rescale,
/// normalise, in this order.
/// </summary>
public sealed record Preprocessor
{
    private const int Levels = 256;

    /// <summary>To which size pictures are resized; null where they keep theirs.</summary>
    public ResizeRule? Resize { get; init; }

    /// <summary>The filter of the resize.</summary>
    public Resampling Resampling { get; init; } = Resampling.Bilinear;

    /// <summary>The middle that is cut out, height and width in pixels; null for all of it.</summary>
    public (int Height, int Width)? Crop { get; init; }

    /// <summary>What every number is multiplied by; null where numbers stay 0 to 255.</summary>
    public double? RescaleFactor { get; init; }

    /// <summary>What is then taken from red, green and blue; null where nothing is normalised.</summary>
    public IReadOnlyList<double>? Mean { get; init; }

    /// <summary>What red, green and blue are then divided by; null where nothing is normalised.</summary>
    public IReadOnlyList<double>? Deviation { get; init; }

    /// <summary>The size that all pictures have at the end, height and width in pixels; null where it depends on the picture.</summary>
    public (int Height, int Width)? OutputSize => Crop ?? (Resize is ResizeRule.Exact size ? (size.Height, size.Width) : null);

    /// <summary>The usual preprocessing of a new model: resize to a size, bilinear, 0 to 255 to −1 to 1.</summary>
    /// <param name="height">In pixels.</param>
    /// <param name="width">In pixels.</param>
    /// <returns>The preprocessor.</returns>
    public static Preprocessor New(int height, int width) => new()
    {
        Resize = new ResizeRule.Exact(height, width),
        RescaleFactor = 1 / 255.0,
        Mean = [0.5, 0.5, 0.5],
        Deviation = [0.5, 0.5, 0.5],
    };

    /// <summary>Resizes and crops.</summary>
    /// <param name="picture">A picture of any size.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <returns>[H, W, 3] of <see cref="OutputSize"/>, where there is one.</returns>
    /// <exception cref="FileFormatException">The picture is so long and narrow that it would become too large.</exception>
    public PixelImage Fit(PixelImage picture, string name)
    {
        ArgumentNullException.ThrowIfNull(picture);
        if (Resize is not null)
        {
            var (height, width) = Resize.SizeOf(picture.Height, picture.Width);
            if ((long)height * width > PictureDecoder.MaxPixels)
            {
                throw new FileFormatException(
                    $"{name} has {picture.Width} x {picture.Height} pixels, which the model's preprocessing makes {width} x {height}; at most {PictureDecoder.MaxPixels} are made.");
            }

            picture = PillowResize.Resize(picture, height, width, Resampling);
        }

        return Crop is { } crop ? CenterCrop.Apply(picture, crop.Height, crop.Width) : picture;
    }

    /// <summary>
    /// Rescales and normalises: x = byte · factor in float64, kept as float32; then (x − mean) / deviation in float32, as transformers'
    /// Pillow classes do.
    /// </summary>
    /// <param name="picture">[H, W, 3], from <see cref="Fit"/>.</param>
    /// <returns>[3, H, W].</returns>
    public float[] Values(PixelImage picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        var pixels = picture.Height * picture.Width;
        var values = new float[pixels * PixelImage.Channels];
        for (var channel = 0; channel < PixelImage.Channels; channel++)
        {
            var levels = LevelsOf(channel);
            var plane = values.AsSpan(channel * pixels, pixels);
            for (var (i, at) = (0, channel); i < pixels; i++, at += PixelImage.Channels)
            {
                plane[i] = levels[picture.Bytes[at]];
            }
        }

        return values;   // [H, W, 3] -> [3, H, W]
    }

    private float[] LevelsOf(int channel)
    {
        var levels = new float[Levels];
        for (var level = 0; level < Levels; level++)
        {
            var value = (float)(RescaleFactor is { } factor ? level * factor : level);
            levels[level] = Mean is null ? value : (value - (float)Mean[channel]) / (float)Deviation![channel];
        }

        return levels;
    }
}
