using System.Globalization;
using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using static TorchSharp.torch;

namespace ResLora.Tensors.Safetensors;

/// <summary>
/// Writes a folder's checkpoint: one <c>model.safetensors</c>, or above a size shards <c>model-00001-of-0000N.safetensors</c>
/// with the index that maps each tensor to its file.
/// </summary>
public static class CheckpointWriter
{
    /// <summary>Above how many bytes of tensors a checkpoint is cut: 5 · 10⁹.</summary>
    public const long DefaultShardBytes = 5_000_000_000;

    private static readonly JsonSerializerOptions _json = new() { WriteIndented = true, IndentSize = 2, NewLine = "\n" };

    /// <summary>Writes tensors, cut into shards in the order given. They are converted one at a time.</summary>
    /// <param name="folder">The folder, which exists.</param>
    /// <param name="tensors">The tensors by name, borrowed.</param>
    /// <param name="dtype">The element type to store.</param>
    /// <param name="maxShardBytes">The most bytes of tensors in a file; a larger tensor gets a file of its own.</param>
    /// <param name="prefix">What the files' names begin with, such as <see cref="PipelineParts.WeightsPrefix"/>. Default: nothing.</param>
    /// <exception cref="ConfigException">The element type has no place in the format, or the disk refuses.</exception>
    public static void Write(
        string folder, IEnumerable<KeyValuePair<string, Tensor>> tensors, ScalarType dtype, long maxShardBytes =
            DefaultShardBytes, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(tensors);
        using var noGradient = no_grad();
        WriteStreamed(folder, tensors.Select(tensor => StreamedTensor.Of(tensor.Key, tensor.Value, dtype)), maxShardBytes, prefix);
    }

    /// <summary>As <see cref="Write"/>, with tensors that are made one after the other: no more than one is in memory.</summary>
    /// <param name="folder">The folder, which exists.</param>
    /// <param name="tensors">The tensors.</param>
    /// <param name="maxShardBytes">As for <see cref="Write"/>.</param>
    /// <param name="prefix">As for <see cref="Write"/>.</param>
    /// <exception cref="ConfigException">As for <see cref="Write"/>.</exception>
    public static void WriteStreamed(
        string folder, IEnumerable<StreamedTensor> tensors, long maxShardBytes = DefaultShardBytes, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxShardBytes, 1);
        var shards = Cut(tensors, maxShardBytes);
        if (shards.Count == 1)
        {
            SafetensorsWriter.WriteStreamed(Path.Combine(folder, prefix + ShardIndex.SingleName), shards[0]);
            return;
        }

        var fileOf = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < shards.Count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{prefix}model-{i + 1:D5}-of-{shards.Count:D5}.safetensors");
            SafetensorsWriter.WriteStreamed(Path.Combine(folder, name), shards[i]);
            shards[i].ForEach(tensor => fileOf.Add(tensor.Name, name));
        }

        var index = new { metadata = new { total_size = shards.Sum(shard => shard.Sum(Bytes)) }, weight_map = fileOf };
        AtomicFile.WriteText(Path.Combine(folder, prefix + ShardIndex.IndexName), JsonSerializer.Serialize(index, _json) + "\n");
    }

    private static List<List<StreamedTensor>> Cut(IEnumerable<StreamedTensor> tensors, long maxShardBytes)
    {
        var shards = new List<List<StreamedTensor>> { new() };
        var used = 0L;
        foreach (var tensor in tensors)
        {
            var bytes = Bytes(tensor);
            if (shards[^1].Count > 0 && used + bytes > maxShardBytes)
            {
                shards.Add([]);
                used = 0;
            }

            shards[^1].Add(tensor);
            used += bytes;
        }

        return shards;
    }

    private static long Bytes(StreamedTensor tensor) => tensor.Count * (SafetensorsType.Find(tensor.DataType)?.Width
        ?? throw new ConfigException($"A checkpoint cannot hold {tensor.DataType}; supported are {SafetensorsType.Names}."));
}
