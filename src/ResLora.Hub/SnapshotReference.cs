using ResLora.Formats.HuggingFace;

namespace ResLora.Hub;

/// <summary>Says what a path in a cache is called on the hub: the cache's layout has the repository and the commit in it.</summary>
public static class SnapshotReference
{
    /// <summary>The folder of a repository that has a folder for each commit.</summary>
    internal const string SnapshotsFolder = "snapshots";

    /// <summary>The name of a path.</summary>
    /// <param name="path">A full path.</param>
    /// <returns>The repository and the name with its commit; null when the path is in no cache of a hub.</returns>
    public static (HubRepository Repository, HubReference Reference)? Of(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var parts = path.Replace(System.IO.Path.DirectorySeparatorChar, '/').TrimEnd('/').Split('/');
        for (var at = parts.Length - 2; at > 0; at--)
        {
            if (parts[at] == SnapshotsFolder && HubReference.IsCommit(parts[at + 1])
                && HubRepository.OfFolder(parts[at - 1]) is { } repository)
            {
                var inside = parts.Length > at + 2 ? string.Join('/', parts[(at + 2)..]) : null;
                return (repository, new HubReference(repository.Id, parts[at + 1], inside));
            }
        }

        return null;
    }
}
