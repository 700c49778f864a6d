namespace ResLora.Images.Preprocessing;

/// <summary>
/// One side of a picture made longer or shorter: for every new place the old places that it reads, and their weights as whole numbers of
/// 2⁻²². The same rounding as Pillow's for 8 bits.
/// </summary>
internal sealed class ResamplingPass
{
    private const int Precision = 22;
    private const int Half = 1 << (Precision - 1);

    private readonly int[] _first;
    private readonly int[][] _weights;

    /// <summary>Works the weights out.</summary>
    /// <param name="from">The side's length, in pixels.</param>
    /// <param name="to">Its new length.</param>
    /// <param name="resampling">Any but nearest.</param>
    public ResamplingPass(int from, int to, Resampling resampling)
    {
        (_first, _weights) = (new int[to], new int[to][]);
        var scale = (double)from / to;
        // Wider where the picture shrinks, so that every old pixel counts.
        var stretch = Math.Max(scale, 1);
        var support = ResamplingFilter.Support(resampling) * stretch;
        var perPixel = 1 / stretch;
        for (var i = 0; i < to; i++)
        {
            var centre = (i + 0.5) * scale;
            var first = Math.Max((int)(centre - support + 0.5), 0);
            var last = Math.Min((int)(centre + support + 0.5), from);
            var weights = new double[last - first];
            for (var j = 0; j < weights.Length; j++)
            {
                weights[j] = ResamplingFilter.Weight(resampling, (j + first - centre + 0.5) * perPixel);
            }

            _first[i] = first;
            _weights[i] = Whole(weights);
        }
    }

    /// <summary>Resizes every row.</summary>
    /// <param name="picture">[H, W, 3].</param>
    /// <returns>[H, to, 3].</returns>
    public PixelImage Horizontal(PixelImage picture)
    {
        var width = _first.Length;
        var bytes = new byte[picture.Height * width * PixelImage.Channels];
        for (var y = 0; y < picture.Height; y++)
        {
            var row = picture.Bytes.AsSpan(y * picture.Width * PixelImage.Channels);
            for (var x = 0; x < width; x++)
            {
                Sum(
                    row[(_first[x] * PixelImage.Channels)..],
                    PixelImage.Channels,
                    _weights[x],
                    bytes.AsSpan(((y * width) + x) * PixelImage.Channels, PixelImage.Channels));
            }
        }

        return new PixelImage(picture.Height, width, bytes);
    }

    /// <summary>Resizes every column.</summary>
    /// <param name="picture">[H, W, 3].</param>
    /// <returns>[to, W, 3].</returns>
    public PixelImage Vertical(PixelImage picture)
    {
        var (height, stride) = (_first.Length, picture.Width * PixelImage.Channels);
        var bytes = new byte[height * stride];
        for (var y = 0; y < height; y++)
        {
            Sum(picture.Bytes.AsSpan(_first[y] * stride), stride, _weights[y], bytes.AsSpan(y * stride, stride));
        }

        return new PixelImage(height, picture.Width, bytes);
    }

    // to[i] = Σ_k weights[k] · from[k · step + i], rounded and kept within a byte
    private static void Sum(ReadOnlySpan<byte> from, int step, int[] weights, Span<byte> to)
    {
        for (var i = 0; i < to.Length; i++)
        {
            var sum = Half;
            for (var (k, at) = (0, i); k < weights.Length; k++, at += step)
            {
                sum += weights[k] * from[at];
            }

            to[i] = (byte)Math.Clamp(sum >> Precision, byte.MinValue, byte.MaxValue);
        }
    }

    private static int[] Whole(double[] weights)
    {
        var total = weights.Sum();
        return [.. weights.Select(weight => (int)Math.Round(weight / total * (1 << Precision), MidpointRounding.AwayFromZero))];
    }
}
