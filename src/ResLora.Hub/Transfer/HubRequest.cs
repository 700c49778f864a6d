namespace ResLora.Hub.Transfer;

/// <summary>What is asked of the hub.</summary>
/// <param name="Address">The address.</param>
/// <param name="Repository">The repository that it is about.</param>
/// <param name="Revision">The branch, the tag or the commit.</param>
/// <param name="Path">The file; null for the list of files.</param>
internal sealed record HubRequest(Uri Address, HubRepository Repository, string Revision, string? Path)
{
    /// <summary>Asks for the files of a repository with their sizes and digests.</summary>
    /// <param name="endpoint">The hub.</param>
    /// <param name="repository">The repository.</param>
    /// <param name="revision">The branch, the tag or the commit.</param>
    public static HubRequest ForListing(Uri endpoint, HubRepository repository, string revision) => new(
        On(endpoint, $"api/{repository.ApiName}/revision/{Uri.EscapeDataString(revision)}?blobs=true"), repository, revision, null);

    /// <summary>Asks for a file.</summary>
    /// <param name="endpoint">The hub.</param>
    /// <param name="repository">The repository.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="path">The file's path.</param>
    public static HubRequest ForFile(Uri endpoint, HubRepository repository, string commit, string path) => new(
        On(endpoint, $"{repository.PageName}/resolve/{commit}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}"),
        repository,
        commit,
        path);

    /// <summary>What it is about, for sentences.</summary>
    public string Title => Path is null ? Repository.Title : $"'{Path}' of the {Repository.Title}";

    private static Uri On(Uri endpoint, string rest) => new($"{endpoint.AbsoluteUri.TrimEnd('/')}/{rest}");
}
