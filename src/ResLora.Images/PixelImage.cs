namespace ResLora.Images;

/// <summary>A picture as numbers: red, green and blue of every pixel, a byte each, row after row.</summary>
public sealed class PixelImage
{
    /// <summary>Numbers of a pixel: red, green, blue.</summary>
    public const int Channels = 3;

    /// <summary>Takes bytes.</summary>
    /// <param name="height">H, in pixels, 1 or more.</param>
    /// <param name="width">W, in pixels, 1 or more.</param>
    /// <param name="bytes">[H, W, 3]; kept, not copied, and from here on not to be changed.</param>
    /// <exception cref="ArgumentException">There are more or fewer bytes than H · W · 3.</exception>
    public PixelImage(int height, int width, byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (bytes.Length != (long)height * width * Channels)
        {
            throw new ArgumentException($"{height} x {width} pixels are {(long)height * width * Channels} bytes, not {bytes.Length}.", nameof(bytes));
        }

        (Height, Width, Bytes) = (height, width, bytes);
    }

    /// <summary>H, in pixels.</summary>
    public int Height { get; }

    /// <summary>W, in pixels.</summary>
    public int Width { get; }

    /// <summary>[H, W, 3], not to be changed.</summary>
#pragma warning disable CA1819 // a copy of every picture at every step would cost more than the steps
    public byte[] Bytes { get; }
#pragma warning restore CA1819 // only here
}
