using ResLora.Formats.HuggingFace;

namespace ResLora.Hub;

/// <summary>A repository of a hub.</summary>
/// <param name="Kind">Its kind; a model and a data set may have the same name.</param>
/// <param name="Id">Its name, <c>org/name</c> or <c>name</c>, as <see cref="HubReference"/> checks it.</param>
public sealed record HubRepository(HubKind Kind, string Id)
{
    private const string Separator = "--";

    /// <summary>Its folder in the cache: <c>models--org--name</c> or <c>datasets--org--name</c>.</summary>
    public string FolderName => $"{Plural}{Separator}{Id.Replace("/", Separator, StringComparison.Ordinal)}";

    /// <summary>What it is called in addresses of the interface for programs, <c>models/org/name</c>.</summary>
    public string ApiName => $"{Plural}/{Id}";

    /// <summary>What it is called in addresses of pages and files, <c>org/name</c> or <c>datasets/org/name</c>.</summary>
    public string PageName => Kind == HubKind.Model ? Id : ApiName;

    /// <summary>What it is, for sentences.</summary>
    public string Title => $"{(Kind == HubKind.Model ? "model" : "data set")} '{Id}'";

    private string Plural => Kind == HubKind.Model ? "models" : "datasets";

    /// <summary>The repository of a folder in the cache.</summary>
    /// <param name="folderName">The folder's own name.</param>
    /// <returns>The repository; null when the folder is none's.</returns>
    public static HubRepository? OfFolder(string folderName)
    {
        ArgumentNullException.ThrowIfNull(folderName);
        var parts = folderName.Split(Separator);
        HubKind? kind = parts[0] switch { "models" => HubKind.Model, "datasets" => HubKind.Dataset, _ => null };
        return kind is { } known && parts.Length is 2 or 3 && HubReference.Problem(string.Join('/', parts[1..])) is null
            ? new HubRepository(known, string.Join('/', parts[1..]))
            : null;
    }
}
