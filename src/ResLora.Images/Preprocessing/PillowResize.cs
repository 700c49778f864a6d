namespace ResLora.Images.Preprocessing;

/// <summary>Resizes pictures to the very bytes that Pillow 13 gives.</summary>
public static class PillowResize
{
    /// <summary>
    /// Resizes in two passes over bytes, one for each side; a side that keeps its length has none. The longer way is gone second: the
    /// vertical pass comes first where h &gt; H and h − H &gt; 2 (w − W), from w x h to W x H.
    /// </summary>
    /// <param name="picture">The picture.</param>
    /// <param name="height">The new height, in pixels.</param>
    /// <param name="width">The new width, in pixels.</param>
    /// <param name="resampling">The filter.</param>
    /// <returns>The picture in its new size; the same one where that is its size.</returns>
    public static PixelImage Resize(PixelImage picture, int height, int width, Resampling resampling)
    {
        ArgumentNullException.ThrowIfNull(picture);
        if (resampling == Resampling.Nearest)
        {
            return picture.Height == height && picture.Width == width ? picture : Nearest(picture, height, width);
        }

        var isVerticalFirst = picture.Height > height && picture.Height - height > 2L * (picture.Width - width);
        return isVerticalFirst ? Horizontal(Vertical(picture)) : Vertical(Horizontal(picture));

        PixelImage Horizontal(PixelImage image) =>
            image.Width == width ? image : new ResamplingPass(image.Width, width, resampling).Horizontal(image);
        PixelImage Vertical(PixelImage image) =>
            image.Height == height ? image : new ResamplingPass(image.Height, height, resampling).Vertical(image);
    }

    private static PixelImage Nearest(PixelImage picture, int height, int width)
    {
        var (rows, columns) = (Places(picture.Height, height), Places(picture.Width, width));
        var bytes = new byte[height * width * PixelImage.Channels];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                var from = ((rows[y] * picture.Width) + columns[x]) * PixelImage.Channels;
                picture.Bytes.AsSpan(from, PixelImage.Channels).CopyTo(bytes.AsSpan(((y * width) + x) * PixelImage.Channels));
            }
        }

        return new PixelImage(height, width, bytes);
    }

    // Summed step by step, as Pillow does: at ties the sum's rounding decides.
    private static int[] Places(int from, int to)
    {
        var scale = (double)from / to;
        var places = new int[to];
        var at = scale / 2;
        for (var i = 0; i < to; i++)
        {
            places[i] = Math.Min((int)at, from - 1);
            at += scale;
        }

        return places;
    }
}
