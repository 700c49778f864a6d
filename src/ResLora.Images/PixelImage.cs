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
            throw new ArgumentException(
                $"{height} x {width} pixels are {(long)height * width * Channels} bytes, not {bytes.Length}.", nameof(bytes));
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

    /// <summary>A rectangle of the picture; what of it is outside is 0 (black).</summary>
    /// <param name="top">Its first row; may be below 0.</param>
    /// <param name="left">Its first column; may be below 0.</param>
    /// <param name="height">Its height, in pixels, 1 or more.</param>
    /// <param name="width">Its width, in pixels, 1 or more.</param>
    /// <returns>A new picture, or this one where the rectangle is the whole of it.</returns>
    /// <exception cref="ArgumentException">A side is below 1.</exception>
    public PixelImage Cut(int top, int left, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if ((top, left, height, width) == (0, 0, Height, Width))
        {
            return this;
        }

        var bytes = new byte[height * width * Channels];
        var (from, to) = (Math.Max(0, left), Math.Min(Width, left + width));
        for (var y = Math.Max(0, -top); from < to && y < height && y + top < Height; y++)
        {
            Bytes.AsSpan((((y + top) * Width) + from) * Channels, (to - from) * Channels)
                .CopyTo(bytes.AsSpan(((y * width) + from - left) * Channels));
        }

        return new PixelImage(height, width, bytes);
    }
}
