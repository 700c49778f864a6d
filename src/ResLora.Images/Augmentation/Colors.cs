namespace ResLora.Images.Augmentation;

/// <summary>Changes of colours, on bytes as Pillow's ImageEnhance and ImageOps make them; hues are turned in float64.</summary>
internal static class Colors
{
    private const int Levels = 256;
    private const int Brightest = Levels - 1;

    /// <summary>Mixed with black.</summary>
    public static PixelImage Brightness(PixelImage picture, double factor) => Mapped(picture, (value, _) => Mix(0, value, factor));

    /// <summary>Mixed with the mean of the gray picture.</summary>
    public static PixelImage Contrast(PixelImage picture, double factor)
    {
        var mean = (byte)(Grays(picture).Average(gray => (double)gray) + 0.5);
        return Mapped(picture, (value, _) => Mix(mean, value, factor));
    }

    /// <summary>Mixed with the gray picture.</summary>
    public static PixelImage Saturation(PixelImage picture, double factor)
    {
        var grays = Grays(picture);
        return Mapped(picture, (value, i) => Mix(grays[i / PixelImage.Channels], value, factor));
    }

    /// <summary>The gray picture.</summary>
    public static PixelImage Gray(PixelImage picture) => Saturation(picture, 0);

    /// <summary>Mixed with a softened picture, whose border stays.</summary>
    public static PixelImage Sharpness(PixelImage picture, double factor)
    {
        var soft = Softened(picture);
        return Mapped(picture, (value, i) => Mix(soft[i], value, factor));
    }

    /// <summary>The upper bits of each byte alone.</summary>
    public static PixelImage Posterize(PixelImage picture, int bits)
    {
        var mask = (byte)(Brightest << (8 - bits));
        return Mapped(picture, (value, _) => (byte)(value & mask));
    }

    /// <summary>Bytes from a threshold on, turned round.</summary>
    public static PixelImage Solarize(PixelImage picture, double threshold) =>
        Mapped(picture, (value, _) => value >= threshold ? (byte)(Brightest - value) : value);

    /// <summary>Each colour spread over all levels.</summary>
    public static PixelImage AutoContrast(PixelImage picture) => Looked(picture, counts =>
    {
        var (low, high) = (Array.FindIndex(counts, count => count > 0), Array.FindLastIndex(counts, count => count > 0));
        var scale = high > low ? (double)Brightest / (high - low) : 1;
        return
        [
            .. Enumerable.Range(0, Levels)
                .Select(level => high > low ? (byte)Math.Clamp((int)((level * scale) - (low * scale)), 0, Brightest) : (byte)level),
        ];
    });

    /// <summary>Each colour's levels, equally often as far as can be.</summary>
    public static PixelImage Equalize(PixelImage picture) => Looked(picture, counts =>
    {
        var used = counts.Where(count => count > 0).ToArray();
        var step = (used.Sum() - used[^1]) / Brightest;
        if (used.Length <= 1 || step == 0)
        {
            return [.. Enumerable.Range(0, Levels).Select(level => (byte)level)];
        }

        var (table, sum) = (new byte[Levels], step / 2);
        for (var level = 0; level < Levels; level++)
        {
            table[level] = (byte)Math.Min(sum / step, Brightest);
            sum += counts[level];
        }

        return table;
    });

    /// <summary>Every hue turned by a share of the circle.</summary>
    public static PixelImage Hue(PixelImage picture, double turn)
    {
        var bytes = new byte[picture.Bytes.Length];
        for (var i = 0; i < bytes.Length; i += PixelImage.Channels)
        {
            var (red, green, blue) = Turned(picture.Bytes[i], picture.Bytes[i + 1], picture.Bytes[i + 2], turn);
            (bytes[i], bytes[i + 1], bytes[i + 2]) = (red, green, blue);
        }

        return new PixelImage(picture.Height, picture.Width, bytes);
    }

    private static (byte Red, byte Green, byte Blue) Turned(byte red, byte green, byte blue, double turn)
    {
        const int sectors = 6;
        double high = Math.Max(red, Math.Max(green, blue)), low = Math.Min(red, Math.Min(green, blue));
        if (high == low)
        {
            return (red, green, blue);
        }

        var range = high - low;
        var hue = high == red ? (green - blue) / range : high == green ? 2 + ((blue - red) / range) : 4 + ((red - green) / range);
        hue = (((hue + (turn * sectors)) % sectors) + sectors) % sectors;
        byte Level(int offset)
        {
            var place = (offset + hue) % sectors;
            return (byte)Math.Round(high - (range * Math.Clamp(Math.Min(place, 4 - place), 0, 1)));
        }

        return (Level(5), Level(3), Level(1));
    }

    // In float32, as Pillow blends: in float64 some bytes would be one level apart.
    private static byte Mix(int other, byte value, double factor) =>
        (byte)Math.Clamp(other + ((float)factor * (value - other)), 0f, Brightest);

    private static PixelImage Mapped(PixelImage picture, Func<byte, int, byte> map)
    {
        var bytes = new byte[picture.Bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = map(picture.Bytes[i], i);
        }

        return new PixelImage(picture.Height, picture.Width, bytes);
    }

    private static PixelImage Looked(PixelImage picture, Func<int[], byte[]> tableOf)
    {
        var tables = Enumerable.Range(0, PixelImage.Channels).Select(channel =>
        {
            var counts = new int[Levels];
            for (var i = channel; i < picture.Bytes.Length; i += PixelImage.Channels)
            {
                counts[picture.Bytes[i]]++;
            }

            return tableOf(counts);
        }).ToArray();
        return Mapped(picture, (value, i) => tables[i % PixelImage.Channels][value]);
    }

    /// <summary>ITU-R 601-2 in whole numbers, as Pillow's mode L has it.</summary>
    private static byte[] Grays(PixelImage picture)
    {
        var grays = new byte[picture.Height * picture.Width];
        for (var (i, at) = (0, 0); i < grays.Length; i++, at += PixelImage.Channels)
        {
            grays[i] = (byte)(
                ((19595 * picture.Bytes[at]) + (38470 * picture.Bytes[at + 1]) + (7471 * picture.Bytes[at + 2]) + 0x8000) >> 16);
        }

        return grays;
    }

    /// <summary>Pillow's SMOOTH: the pixel five times and its eight neighbours once, over 13.</summary>
    private static byte[] Softened(PixelImage picture)
    {
        const int own = 4;
        const double all = 13;
        var bytes = picture.Bytes.ToArray();
        var row = picture.Width * PixelImage.Channels;
        for (var y = 1; y < picture.Height - 1; y++)
        {
            for (var i = (y * row) + PixelImage.Channels; i < ((y + 1) * row) - PixelImage.Channels; i++)
            {
                var sum = (own * picture.Bytes[i]) + Three(i - row) + Three(i) + Three(i + row);
                bytes[i] = (byte)Math.Clamp((sum / all) + 0.5, 0, Brightest);
            }
        }

        return bytes;

        int Three(int place) =>
            picture.Bytes[place - PixelImage.Channels] + picture.Bytes[place] + picture.Bytes[place + PixelImage.Channels];
    }
}
