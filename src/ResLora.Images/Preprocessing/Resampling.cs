namespace ResLora.Images.Preprocessing;

/// <summary>How a picture is resized, by the numbers that Pillow gives them and <c>resample</c> has.</summary>
public enum Resampling
{
    /// <summary>The nearest pixel.</summary>
    Nearest = 0,

    /// <summary>Lanczos over 3 pixels to each side.</summary>
    Lanczos = 1,

    /// <summary>Linear between pixels.</summary>
    Bilinear = 2,

    /// <summary>Cubic with a = −0.5.</summary>
    Bicubic = 3,

    /// <summary>The mean of the pixels below.</summary>
    Box = 4,

    /// <summary>A cosine's window over 1 pixel to each side.</summary>
    Hamming = 5,
}
