using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;
using ResLora.Formats.HuggingFace;
using ResLora.Hub.Listing;

namespace ResLora.Hub.Choosing;

/// <summary>Which files of a repository are wanted.</summary>
/// <param name="listing">What there is.</param>
/// <param name="fetch">Brings a small file here and returns where it lies.</param>
internal sealed class WantedFiles(HubListing listing, Func<HubFile, Task<string>> fetch)
{
    // It describes the data set and is none.
    private const string Description = "dataset_infos.json";

    /// <summary>The files of a path, or those that are read of all.</summary>
    /// <param name="path">A file or a folder; null for the whole repository.</param>
    /// <param name="named">Files and folders that are wanted instead, whatever they are; empty for none.</param>
    /// <returns>The files, one or more, whose names may become paths here.</returns>
    /// <exception cref="ResLoraException">There is nothing of that kind, or a name may not become a path.</exception>
    public async Task<IReadOnlyList<HubFile>> Of(string? path, IReadOnlyList<string> named)
    {
        var wanted = named.Count > 0 ? [.. named.SelectMany(name => Named(name))]
            : path is null ? await Readable("").ConfigureAwait(false)
            : listing.Find(path) is { } file ? WithParts(file)
            : await Readable(FolderOf(path)).ConfigureAwait(false);
        HubFile[] files = [.. wanted.DistinctBy(one => one.Path, StringComparer.Ordinal)];
        return files.FirstOrDefault(one => HubPath.Problem(one.Path) is not null) is not { } hostile ? files : throw new FileFormatException(
            $"hub:{listing.Repository.Id} has a file '{hostile.Path}', whose name {HubPath.Problem(hostile.Path)}; nothing was downloaded.");
    }

    private async Task<IReadOnlyList<HubFile>> Readable(string folder) =>
        listing.Repository.Kind == HubKind.Model ? await new ModelChoice(listing, fetch).Of(folder).ConfigureAwait(false) : Data(folder);

    private HubFile[] Data(string folder)
    {
        HubFile[] files =
        [
            .. listing.Within(folder).Where(file => FileNames.Data.Contains(Path.GetExtension(file.Path).ToLowerInvariant())
                && Path.GetFileName(file.Path) != Description),
        ];
        return files.Length > 0 ? files : throw new ConfigException(
            $"hub:{listing.Repository.Id} has no data files that can be read ({string.Join(", ", FileNames.Data)}); "
            + "many data sets have Parquet in the revision refs/convert/parquet.");
    }

    private HubFile[] Named(string name) => listing.Find(name) is { } file
        ? WithParts(file)
        : [.. listing.Within(FolderOf(name))];

    private string FolderOf(string path)
    {
        var folder = path.TrimEnd('/') + "/";
        return listing.Within(folder).Any() ? folder : throw new ConfigException(
            $"hub:{listing.Repository.Id} has no file '{path}'.{NearestName.Suggestion(path, listing.Files.Select(file => file.Path))}");
    }

    /// <summary>A file, and with it the others of a model in several GGUF files.</summary>
    private HubFile[] WithParts(HubFile file)
    {
        var parts = GgufPartNames.Of(file.Path);
        return parts.Count < 2 ? [file] :
        [
            .. parts.Select(part => listing.Find(part) ?? throw new ConfigException(
                $"hub:{listing.Repository.Id} has no file '{part}', which '{file.Path}' is one of {parts.Count} parts with.")),
        ];
    }
}
