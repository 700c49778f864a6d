using ResLora.Formats.Files;

namespace ResLora.Hub.Caching;

/// <summary>
/// The folder of one repository in the cache, in the layout of huggingface_hub: <c>blobs</c> has contents by digest, <c>snapshots/COMMIT</c>
/// relative links to them, <c>refs/REVISION</c> the commit that a branch or a tag was last seen at.
/// </summary>
/// <param name="settings">Where the cache is.</param>
/// <param name="repository">The repository.</param>
internal sealed class HubCache(HubSettings settings, HubRepository repository)
{
    private const string Tag =
        "Signature: 8a477f597d28d172789f06886806bc55\n# This file is a cache directory tag; see https://bford.info/cachedir/.\n";

    private readonly string _folder = Path.Combine(settings.Cache, repository.FolderName);

    /// <summary>The folder of the whole cache.</summary>
    public string Root => settings.Cache;

    /// <summary>Where a content lies.</summary>
    /// <param name="digest">Its digest.</param>
    public string Blob(string digest) => Path.Combine(_folder, "blobs", digest);

    /// <summary>The file whose lock keeps two processes from downloading the same content.</summary>
    /// <param name="digest">The content's digest.</param>
    public string Lock(string digest) => Path.Combine(settings.Cache, ".locks", repository.FolderName, digest + ".lock");

    /// <summary>Where the files of a commit lie.</summary>
    /// <param name="commit">The commit.</param>
    public string Snapshot(string commit) => Path.Combine(_folder, SnapshotReference.SnapshotsFolder, commit);

    /// <summary>Where a file of a commit lies.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="path">The file's path, which was checked.</param>
    public string FileOf(string commit, string path) => Path.Combine([Snapshot(commit), .. path.Split('/')]);

    /// <summary>The commit that a branch or a tag was last seen at.</summary>
    /// <param name="revision">The branch or the tag, which was checked.</param>
    /// <returns>The commit; null when the cache does not know it.</returns>
    public string? CommitOf(string revision)
    {
        const long largest = 1024;
        var file = Ref(revision);
        return File.Exists(file) ? InputFile.ReadText(file, largest).Trim() : null;
    }

    /// <summary>Notes the commit of a branch or a tag.</summary>
    /// <param name="revision">The branch or the tag, which was checked.</param>
    /// <param name="commit">The commit.</param>
    public void SetCommit(string revision, string commit)
    {
        if (revision != commit && CommitOf(revision) != commit)
        {
            AtomicFile.WriteText(Ref(revision), commit);
        }
    }

    /// <summary>Tells programs that keep copies of a disk that the folder can be left out.</summary>
    public void WriteTag()
    {
        var file = Path.Combine(settings.Cache, "CACHEDIR.TAG");
        if (!File.Exists(file))
        {
            AtomicFile.WriteText(file, Tag);
        }
    }

    /// <summary>Gives a content its name in a snapshot: a relative link, or a copy where there are no links.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="path">The file's path, which was checked.</param>
    /// <param name="digest">The content's digest.</param>
    public void Link(string commit, string path, string digest)
    {
        var (blob, file) = (Blob(digest), FileOf(commit, path));
        var folder = Path.GetDirectoryName(file)!;
        var target = Path.GetRelativePath(folder, blob);
        if (new FileInfo(file).LinkTarget == target)
        {
            return;
        }

        Directory.CreateDirectory(folder);
        if (settings.UsesLinks && TryLink(file, target))
        {
            return;
        }

        AtomicFile.Write(file, stream =>
        {
            using var content = File.OpenRead(blob);
            content.CopyTo(stream);
        });
    }

    private string Ref(string revision) => Path.Combine([_folder, "refs", .. revision.Split('/')]);

    /// <summary>Makes the link under another name first, so that the file is there at any time if it was before.</summary>
    private bool TryLink(string file, string target)
    {
        var temporary = Path.Combine(_folder, "blobs", $"tmp_{Guid.NewGuid():N}");
        try
        {
            File.CreateSymbolicLink(temporary, target);
        }
        catch (Exception error) when (DiskFault.Is(error) && !DiskFault.IsFull(error))
        {
            return false;   // a system or a disk without links
        }

        File.Move(temporary, file, overwrite: true);
        return true;
    }
}
