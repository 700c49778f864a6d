using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;
using ResLora.Formats.Json;
using ResLora.Hub.Listing;

namespace ResLora.Hub.Choosing;

/// <summary>
/// The files of a model, an adapter or a pipeline that are read here, and no others: weights as safetensors, in one precision. What a file
/// of the repository names (the parts of a pipeline, the files of a large checkpoint) is read from it.
/// </summary>
/// <param name="listing">What there is.</param>
/// <param name="fetch">Brings a small file here and returns where it lies.</param>
internal sealed class ModelChoice(HubListing listing, Func<HubFile, Task<string>> fetch)
{
    /// <summary>The files of what is in a folder.</summary>
    /// <param name="folder">The folder with a slash at its end; empty for the repository's own.</param>
    /// <returns>The files.</returns>
    /// <exception cref="ResLoraException">There is no model, or none whose weights can be read.</exception>
    public async Task<IReadOnlyList<HubFile>> Of(string folder)
    {
        if (listing.Find(folder + FileNames.PipelineIndex) is { } index)
        {
            return await Pipeline(folder, index).ConfigureAwait(false);
        }

        HubFile[] weights = [.. await Weights(folder).ConfigureAwait(false), .. Named(folder, FileNames.AdapterTensors)];
        HubFile[] small = [.. Small(folder)];
        return weights.Length > 0 && (small.Any(IsConfiguration) || weights.Any(file => FileNames.AdapterTensors.Contains(NameOf(file))))
            ? [.. small, .. weights]
            : throw Nothing(folder, weights, small.Any(IsConfiguration));
    }

    private async Task<IReadOnlyList<HubFile>> Pipeline(string folder, HubFile index)
    {
        var files = new List<HubFile> { index };
        foreach (var part in await Parts(index).ConfigureAwait(false))
        {
            var inside = $"{folder}{part}/";
            var weights = await Weights(inside).ConfigureAwait(false);
            HubFile[] all = [.. Small(inside), .. weights];
            if (weights.Count == 0 && PicklesIn(inside) is [var pickle, ..])
            {
                throw Refusal(pickle);
            }

            files.AddRange(
                all.Length > 0 ? all : throw new FileFormatException(
                    $"{Place(folder)}: {index.Path} names the part '{part}', and there is no such folder."));
        }

        return files;
    }

    /// <summary>The parts that an index names, but those that it says are left out.</summary>
    private async Task<IReadOnlyList<string>> Parts(HubFile index)
    {
        using var document = CheckedJson.Read(await fetch(index).ConfigureAwait(false));
        return document.RootElement.ValueKind != JsonValueKind.Object ? [] :
        [
            .. document.RootElement.EnumerateObject()
                .Where(part => part.Value.ValueKind == JsonValueKind.Array && part.Value.EnumerateArray().All(
                    word => word.ValueKind == JsonValueKind.String))
                .Select(part => part.Name)
                .Where(name => !name.StartsWith('_')),
        ];
    }

    /// <summary>The weights in a folder: one file, else those that an index names. Other precisions have other names.</summary>
    private async Task<IReadOnlyList<HubFile>> Weights(string folder)
    {
        foreach (var name in FileNames.Weights.Select(stem => folder + stem + FileNames.Safetensors))
        {
            if (listing.Find(name) is { } single)
            {
                return [single];
            }

            if (listing.Find(name + FileNames.IndexEnd) is { } index)
            {
                return [index, .. (await Shards(index).ConfigureAwait(false)).Select(shard => listing.Find(folder + shard)
                    ?? throw new FileFormatException($"{Place(folder)}: {index.Path} names '{shard}', and there is no such file."))];
            }
        }

        return [];
    }

    private async Task<IEnumerable<string>> Shards(HubFile index) =>
        WeightMap.Read(await fetch(index).ConfigureAwait(false)).Values.Distinct(StringComparer.Ordinal);

    private IEnumerable<HubFile> Small(string folder) =>
        Named(folder, FileNames.Small).Concat(listing.In(folder + FileNames.FurtherTemplates));

    private IEnumerable<HubFile> Named(string folder, IEnumerable<string> names) =>
        names.Select(name => listing.Find(folder + name)).OfType<HubFile>();

    private ConfigException Nothing(string folder, HubFile[] weights, bool hasConfiguration)
    {
        var place = Place(folder);
        HubFile[] ggufs = [.. listing.In(folder).Where(file => file.Path.EndsWith(FileNames.Gguf, StringComparison.OrdinalIgnoreCase))];
        return PicklesIn(folder) is [var pickle, ..] && weights.Length == 0
            ? Refusal(pickle)
            : ggufs.Length > 0
                ? new ConfigException(
                    $"{place} has GGUF files; name the one that is wanted, such as {place}/{NameOf(ggufs[0])} ({List(ggufs)}).")
                : new ConfigException(
                    $"{place} is no model that can be used: it has no "
                    + $"{(hasConfiguration ? "model.safetensors" : "config.json, adapter_config.json or model_index.json")}; "
                    + $"its files: {List([.. listing.In(folder)])}.");
    }

    private ConfigException Refusal(HubFile pickle) => new(
        $"{Place("")} has its weights as a pickle only ({pickle.Path}), which can run any code while it is read, and is not taken; "
        + "look for another revision or another repository with safetensors, or convert it where you trust it.");

    private HubFile[] PicklesIn(string folder) =>
        [.. listing.In(folder).Where(file => FileNames.Pickles.Contains(Path.GetExtension(file.Path).ToLowerInvariant()))];

    private string Place(string folder) => $"hub:{listing.Repository.Id}{(folder.Length == 0 ? "" : "/" + folder.TrimEnd('/'))}";

    private static string List(HubFile[] files)
    {
        const int shown = 8;
        return files.Length == 0 ? "none" : string.Join(", ", files.Take(shown).Select(NameOf)) + (files.Length > shown ? ", …" : "");
    }

    private static bool IsConfiguration(HubFile file) =>
        NameOf(file) is FileNames.Config or FileNames.PeftConfig or FileNames.AdapterConfig;

    private static string NameOf(HubFile file) => file.Path[(file.Path.LastIndexOf('/') + 1)..];
}
