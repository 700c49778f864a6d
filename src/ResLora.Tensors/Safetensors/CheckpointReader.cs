using ResLora.Formats.Errors;
using ResLora.Formats.Gguf.Models;
using static TorchSharp.torch;

namespace ResLora.Tensors.Safetensors;

/// <summary>
/// The tensors of a checkpoint folder, in one file or in shards; or of a model in a GGUF file, under the names of its folder; or of the
/// trained parts of a pipeline in diffusers' layout, each in a folder
/// of its own, whose tensors have the part's name before their own (<c>unet.conv_in.weight</c>).
/// </summary>
public sealed class CheckpointReader : IDisposable
{
    private readonly IReadOnlyList<IDisposable> _files;
    private readonly SafetensorsHeader _header;
    private readonly Func<string, Tensor> _read;

    private CheckpointReader(string folder, IReadOnlyList<IDisposable> files, SafetensorsHeader header, Func<string, Tensor> read)
    {
        Folder = folder;
        _files = files;
        _header = header;
        _read = read;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>The tensors by name; offsets count within the file that holds the tensor.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _header.Entries;

    /// <summary>The free texts of the file, or of the first one by name.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>
    /// Opens a folder with <c>model.safetensors</c>, or with <c>model.safetensors.index.json</c> and its shards; the names may begin with
    /// <c>diffusion_pytorch_</c>. Of a pipeline (<c>model_index.json</c>) the parts that adapters may go on are opened
    /// (<see cref="PipelineParts"/>).
    /// </summary>
    /// <param name="folder">The folder, or a GGUF file.</param>
    /// <returns>The reader; disposing it leaves the tensors read from it valid.</returns>
    /// <exception cref="FileFormatException">A file is missing or broken, or index and shards disagree.</exception>
    public static CheckpointReader Open(string folder)
    {
        if (GgufFolder.IsOne(folder))
        {
            var packed = GgufCheckpoint.Open(folder);
            return new CheckpointReader(folder, [packed], packed.Header, packed.Read);
        }

        var files = new List<SafetensorsReader>();
        var placeOf = new Dictionary<string, (SafetensorsReader File, string Name)>(StringComparer.Ordinal);
        try
        {
            var header = PipelineParts.Join(PipelineParts.Of(folder).Select(part =>
            {
                var index = ShardIndex.Find(part.Folder);
                SafetensorsReader[] own = [.. index.Files.Select(Opened)];
                foreach (var file in own)
                {
                    foreach (var name in file.Entries.Keys)
                    {
                        placeOf[part.Prefix + name] = (file, name);
                    }
                }

                return (part.Prefix, index.Join([.. own.Select(file => file.Header)]));
            }));
            return new CheckpointReader(folder, files, header, name => placeOf[name].File.Read(placeOf[name].Name));
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }

        SafetensorsReader Opened(string path)
        {
            files.Add(SafetensorsReader.Open(path));
            return files[^1];
        }
    }

    /// <summary>Whether a folder holds a checkpoint, sound or not.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>True when there is a file to open.</returns>
    public static bool Exists(string folder) =>
        GgufFolder.IsOne(folder) || PipelineParts.Of(folder).All(part => ShardIndex.Exists(part.Folder));

    /// <summary>Reads and checks the headers alone, as <see cref="SafetensorsReader.ReadHeader"/> does for one file.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>All tensors, and the metadata of the first file.</returns>
    /// <exception cref="FileFormatException">As for <see cref="Open"/>.</exception>
    public static SafetensorsHeader ReadHeader(string folder)
    {
        if (GgufFolder.IsOne(folder))
        {
            using var packed = GgufCheckpoint.Open(folder);
            return packed.Header;
        }

        return PipelineParts.Join(PipelineParts.Of(folder).Select(part =>
        {
            var index = ShardIndex.Find(part.Folder);
            return (part.Prefix, index.Join([.. index.Files.Select(SafetensorsReader.ReadHeader)]));
        }));
    }

    /// <summary>A tensor of the checkpoint, as <see cref="SafetensorsReader.Read"/> gives it.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <returns>A new handle in the entry's shape, the caller's; treat it as read-only.</returns>
    /// <exception cref="FileFormatException">The checkpoint has no such tensor.</exception>
    public Tensor Read(string name) => Entries.ContainsKey(name)
        ? _read(name)
        : throw new FileFormatException($"Checkpoint '{Folder}' has no tensor '{name}'.{NearestName.Suggestion(name, Entries.Keys)}");

    /// <summary>Closes the files; tensors already read stay valid.</summary>
    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }
    }
}
