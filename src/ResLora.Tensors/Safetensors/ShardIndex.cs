using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Tensors.Safetensors;

/// <summary>
/// Which files hold a folder's checkpoint: <c>model.safetensors</c>, or the shards that
/// <c>model.safetensors.index.json</c> maps each tensor to; in diffusers' folders <c>diffusion_pytorch_model</c> stands in the place of
/// <c>model</c>. The index is not trusted: it may name plain files of its own folder only.
/// </summary>
internal sealed class ShardIndex
{
    public const string SingleName = "model.safetensors";
    public const string IndexName = "model.safetensors.index.json";
    private static readonly string[] _prefixes = ["", PipelineParts.WeightsPrefix];

    private readonly string _path;
    private readonly IReadOnlyDictionary<string, string>? _shardOf;

    private ShardIndex(string path, IReadOnlyDictionary<string, string>? shardOf, IReadOnlyList<string> files)
    {
        _path = path;
        _shardOf = shardOf;
        Files = files;
    }

    /// <summary>The full paths of the files to read, sorted by name.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Finds the files of a checkpoint folder.</summary>
    /// <exception cref="FileFormatException">Nothing to read is there, or the index is broken.</exception>
    public static ShardIndex Find(string folder)
    {
        if (FirstThere(folder, SingleName) is { } single)
        {
            return new ShardIndex(single, null, [single]);
        }

        if (FirstThere(folder, IndexName) is not { } index)
        {
            throw NothingThere(folder);
        }

        var shardOf = WeightMap.Read(index);
        return new ShardIndex(
            index, shardOf, [.. shardOf.Values.Distinct().Order(StringComparer.Ordinal).Select(shard => ShardPath(folder, index, shard))]);
    }

    /// <summary>Whether there is something to read in a folder, sound or not.</summary>
    public static bool Exists(string folder) => (FirstThere(folder, SingleName) ?? FirstThere(folder, IndexName)) is not null;

    private static string? FirstThere(string folder, string name) =>
        _prefixes.Select(prefix => Path.Combine(folder, prefix + name)).FirstOrDefault(File.Exists);

    /// <summary>Joins the files' headers; the shards must hold exactly what the index says.</summary>
    /// <param name="headers">The headers, in the order of <see cref="Files"/>.</param>
    /// <returns>All tensors, and the first file's metadata.</returns>
    /// <exception cref="FileFormatException">Index and shards disagree.</exception>
    public SafetensorsHeader Join(IReadOnlyList<SafetensorsHeader> headers)
    {
        if (_shardOf is null)
        {
            return headers[0];
        }

        var entries = new Dictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
        foreach (var (file, header) in Files.Zip(headers))
        {
            foreach (var entry in header.Entries.Values)
            {
                RequireMapped(entry.Name, Path.GetFileName(file));
                entries.Add(entry.Name, entry);
            }
        }

        var missing = _shardOf.FirstOrDefault(pair => !entries.ContainsKey(pair.Key));
        return missing.Key is null
            ? new SafetensorsHeader(entries, headers[0].Metadata)
            : throw new FileFormatException(
                $"'{_path}' says that tensor '{missing.Key}' is in '{missing.Value}', but that file does not have it.");
    }

    private void RequireMapped(string tensor, string shard)
    {
        if (!_shardOf!.TryGetValue(tensor, out var expected))
        {
            throw new FileFormatException($"Shard '{shard}' has tensor '{tensor}', which '{_path}' does not list.");
        }

        if (expected != shard)
        {
            throw new FileFormatException($"Tensor '{tensor}' is in shard '{shard}', but '{_path}' says that it is in '{expected}'.");
        }
    }

    private static string ShardPath(string folder, string index, string shard)
    {
        var plain = shard.EndsWith(".safetensors", StringComparison.Ordinal)
            && shard.IndexOfAny(['/', '\\', ':', '\0']) < 0;
        if (!plain)
        {
            throw new FileFormatException(
                $"'{index}' names the shard '{shard}'; expected a plain name that ends with .safetensors, in the same folder.");
        }

        var path = Path.Combine(folder, shard);
        return File.Exists(path) ? path : throw new FileFormatException(
            $"Shard '{shard}' is missing in folder '{folder}'; '{index}' needs it.");
    }

    private static FileFormatException NothingThere(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return new FileFormatException(File.Exists(folder)
                ? $"'{folder}' is a file; give the folder that holds {SingleName} or {IndexName}."
                : $"Folder '{folder}' does not exist; give a folder that holds {SingleName} or {IndexName}.");
        }

        return PickleFiles.In(folder) is { } pickle
            ? PickleFiles.Refusal(pickle)
            : new FileFormatException($"Folder '{folder}' has neither {SingleName} nor {IndexName}, nor those of a pipeline ({PipelineParts.WeightsPrefix}{SingleName}).");
    }
}
