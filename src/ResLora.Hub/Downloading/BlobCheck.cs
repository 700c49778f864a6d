using System.Security.Cryptography;
using System.Text;
using ResLora.Hub.Listing;

namespace ResLora.Hub.Downloading;

/// <summary>Says what the content of a file is known by on the hub.</summary>
internal static class BlobCheck
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Whether a content is that of a file.</summary>
    /// <param name="content">The content, from its start.</param>
    /// <param name="file">The file.</param>
    /// <param name="stop">Ends it.</param>
    public static async Task<bool> IsOf(Stream content, HubFile file, CancellationToken stop) =>
        content.Length == file.Size && await Digest(content, file, stop).ConfigureAwait(false) == file.Digest;

    private static async Task<string> Digest(Stream content, HubFile file, CancellationToken stop)
    {
        if (file.IsLarge)
        {
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, stop).ConfigureAwait(false));
        }

        // Git's own name for a content, which is SHA-1: it finds broken transfers, not forgeries.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes($"blob {content.Length}\0"));
        var buffer = new byte[BufferBytes];
        while (await content.ReadAsync(buffer, stop).ConfigureAwait(false) is var count and > 0)
        {
            hash.AppendData(buffer, 0, count);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
