using ResLora.Formats.Errors;
using static TorchSharp.torch;

namespace ResLora.Tensors.Safetensors;

/// <summary>The tensors of a checkpoint folder, in one file or in shards.</summary>
public sealed class CheckpointReader : IDisposable
{
    private readonly List<SafetensorsReader> _files;
    private readonly SafetensorsHeader _header;
    private readonly Dictionary<string, SafetensorsReader> _fileOf;

    private CheckpointReader(string folder, List<SafetensorsReader> files, SafetensorsHeader header)
    {
        Folder = folder;
        _files = files;
        _header = header;
        _fileOf = files
            .SelectMany(file => file.Entries.Keys.Select(name => (name, file)))
            .ToDictionary(pair => pair.name, pair => pair.file, StringComparer.Ordinal);
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>The tensors by name; offsets count within the shard that holds the tensor.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _header.Entries;

    /// <summary>The free texts of the file, or of the first shard by name.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>
    /// Opens a folder with <c>model.safetensors</c>, or with <c>model.safetensors.index.json</c> and its shards; the names may begin with
    /// <c>diffusion_pytorch_</c>.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The reader; disposing it leaves the tensors read from it valid.</returns>
    /// <exception cref="FileFormatException">A file is missing or broken, or index and shards disagree.</exception>
    public static CheckpointReader Open(string folder)
    {
        var index = ShardIndex.Find(folder);
        var files = new List<SafetensorsReader>();
        try
        {
            foreach (var file in index.Files)
            {
                files.Add(SafetensorsReader.Open(file));
            }

            return new CheckpointReader(folder, files, index.Join([.. files.Select(file => file.Header)]));
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>Whether a folder holds a checkpoint, sound or not.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>True when there is a file to open.</returns>
    public static bool Exists(string folder) => ShardIndex.Exists(folder);

    /// <summary>Reads and checks the headers alone, as <see cref="SafetensorsReader.ReadHeader"/> does for one file.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>All tensors, and the metadata of the first file.</returns>
    /// <exception cref="FileFormatException">As for <see cref="Open"/>.</exception>
    public static SafetensorsHeader ReadHeader(string folder)
    {
        var index = ShardIndex.Find(folder);
        return index.Join([.. index.Files.Select(SafetensorsReader.ReadHeader)]);
    }

    /// <summary>A tensor of the checkpoint, as <see cref="SafetensorsReader.Read"/> gives it.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <returns>A new handle in the entry's shape, the caller's; treat it as read-only.</returns>
    /// <exception cref="FileFormatException">The checkpoint has no such tensor.</exception>
    public Tensor Read(string name) => _fileOf.TryGetValue(name, out var file)
        ? file.Read(name)
        : throw new FileFormatException($"Checkpoint '{Folder}' has no tensor '{name}'.{NearestName.Suggestion(name, Entries.Keys)}");

    /// <summary>Closes the files; tensors already read stay valid.</summary>
    public void Dispose() => _files.ForEach(file => file.Dispose());
}
