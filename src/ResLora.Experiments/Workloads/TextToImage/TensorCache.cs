using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Workloads.TextToImage;

/// <summary>
/// Tensors that take long to compute, a file for each group of them. What is damaged, half-written or of other shapes counts as not there.
/// </summary>
/// <param name="folder">The folder, which need not exist.</param>
/// <remarks>Files are written aside and moved into place: several runs may share a folder.</remarks>
internal sealed class TensorCache(string folder)
{
    private const int Prefix = 2;

    private readonly HashSet<string> _sound = new(StringComparer.Ordinal);

    /// <summary>Whether a group of tensors is there, each in the shape wanted.</summary>
    /// <param name="key">Hex digits that stand for all that they were computed from.</param>
    /// <param name="shapes">The shapes by name.</param>
    public bool Has(string key, IReadOnlyDictionary<string, long[]> shapes)
    {
        if (_sound.Contains(key))
        {
            return true;
        }

        var path = PathOf(key);
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            var entries = SafetensorsReader.ReadHeader(path).Entries;
            var isSound = entries.Count == shapes.Count
                && shapes.All(wanted => entries.TryGetValue(wanted.Key, out var entry)
                    && entry.DataType == ScalarType.Float32 && entry.Shape.SequenceEqual(wanted.Value));
            if (isSound)
            {
                _sound.Add(key);
            }

            return isSound;
        }
        catch (FileFormatException)
        {
            return false;
        }
    }

    /// <summary>Reads tensors of a group.</summary>
    /// <param name="key">The group, which is there.</param>
    /// <param name="names">Their names.</param>
    /// <returns>New tensors, owned by the caller.</returns>
    /// <exception cref="FileFormatException">The file was deleted or changed since.</exception>
    public IReadOnlyList<Tensor> Read(string key, params IEnumerable<string> names)
    {
        using var reader = SafetensorsReader.Open(PathOf(key));
        return [.. names.Select(reader.Read)];
    }

    /// <summary>Writes a group.</summary>
    /// <param name="key">The group.</param>
    /// <param name="tensors">Its tensors, float32; borrowed.</param>
    /// <exception cref="ConfigException">The disk refuses.</exception>
    public void Write(string key, IReadOnlyDictionary<string, Tensor> tensors)
    {
        SafetensorsWriter.Write(PathOf(key), tensors, isDurable: false);
        _sound.Add(key);
    }

    private string PathOf(string key) => Path.Combine(folder, key[..Prefix], key + ".safetensors");

    /// <summary>The folder of all runs of a user.</summary>
    /// <exception cref="ConfigException">The user has none.</exception>
    public static TensorCache OfUser() => new(UserCache.Folder("latents")
        ?? throw new ConfigException($"There is no folder to keep encoded pictures in; set {UserCache.Variable} to one."));
}
