using ResLora.Formats.HuggingFace;

namespace ResLora.Hub;

/// <summary>Files of a repository as they were at a commit, in the cache.</summary>
/// <param name="Repository">The repository.</param>
/// <param name="Commit">The commit: 40 hexadecimal digits.</param>
/// <param name="Place">The folder with the files, or the file that was asked for.</param>
/// <param name="Files">The files.</param>
/// <param name="DownloadedBytes">How many bytes came over the network for it.</param>
public sealed record HubSnapshot(
    HubRepository Repository, string Commit, string Place, IReadOnlyList<HubSnapshotFile> Files, long DownloadedBytes)
{
    /// <summary>The name that means just these files again, with the commit.</summary>
    public HubReference Reference => SnapshotReference.Of(Place)?.Reference ?? new HubReference(Repository.Id, Commit);

    /// <summary>How large the files are together.</summary>
    public long Bytes => Files.Sum(file => file.Bytes);
}
