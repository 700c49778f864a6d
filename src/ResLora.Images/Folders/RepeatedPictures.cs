using System.Security.Cryptography;
using ResLora.Formats.Errors;
using ResLora.Text.Data;

namespace ResLora.Images.Folders;

/// <summary>Finds pictures that are in the training data and in what is held out: results on those are too good.</summary>
public static class RepeatedPictures
{
    private const int MostTold = 20;

    /// <summary>Looks for them, by the bytes of the files and by their pixels, and tells of each (<see cref="Warnings"/>).</summary>
    /// <param name="data">The data; without splits nothing is read. Every picture is decoded once; one that cannot be is passed
    /// over.</param>
    /// <returns>How many held-out pictures are also in the training data.</returns>
    /// <exception cref="FileFormatException">A file cannot be read.</exception>
    public static int Warn(PictureData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!data.HasSplits)
        {
            return 0;
        }

        var files = new Dictionary<string, LabelledPicture>(StringComparer.Ordinal);
        var pixels = new Dictionary<string, LabelledPicture>(StringComparer.Ordinal);
        foreach (var picture in data.Of(TaskSplit.Train))
        {
            var prints = PrintsOf(picture.Source);
            // Of twins in the training data the last one is told.
            files[prints.File] = picture;
            pixels[prints.Pixels ?? ""] = picture;
        }

        var count = 0;
        foreach (var picture in data.Pictures.Where(picture => picture.Split != TaskSplit.Train))
        {
            var prints = PrintsOf(picture.Source);
            var isSameFile = files.TryGetValue(prints.File, out var twin);
            if (!isSameFile && (prints.Pixels is null || !pixels.TryGetValue(prints.Pixels, out twin)))
            {
                continue;
            }

            if (++count <= MostTold)
            {
                var label = twin!.Label == picture.Label ? "" : ", under another label";
                Warnings.Add(
                    $"'{picture.Source.Name}' has the {(isSameFile ? "bytes" : "pixels")} of '{twin.Source.Name}', " +
                    $"which is trained on{label}; results on it are too good.");
            }
        }

        if (count > MostTold)
        {
            Warnings.Add($"{count - MostTold} more held-out pictures are in the training data too.");
        }

        return count;
    }

    private static (string File, string? Pixels) PrintsOf(PictureSource source) =>
        (source.Digest(), source.TryDecode(out var picture, out _) ? PixelDigest(picture) : null);

    private static string PixelDigest(PixelImage picture)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes(picture.Width));
        hash.AppendData(picture.Bytes);
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
