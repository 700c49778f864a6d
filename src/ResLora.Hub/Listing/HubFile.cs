namespace ResLora.Hub.Listing;

/// <summary>A file of a repository.</summary>
/// <param name="Path">Its path, as the server says it.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Digest">
/// What its content is known by, and called in the cache: SHA-256 of a large file, SHA-1 as git has it of others; empty for a file that is
/// in the cache already.
/// </param>
internal sealed record HubFile(string Path, long Size, string Digest)
{
    private const int Sha256Digits = 64;

    /// <summary>Whether the hub keeps it beside git (LFS).</summary>
    public bool IsLarge => Digest.Length == Sha256Digits;
}
