using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>
/// Compares tensors of a checkpoint that a configuration calls one and the same. Believing it would drop what a file holds.
/// </summary>
internal static class TiedTensors
{
    private const long RowsAtATime = 1024;

    /// <summary>Whether a folder's checkpoint has both tensors, and they are not equal number by number.</summary>
    /// <param name="folder">The folder; one without weights has nothing that differs.</param>
    /// <param name="copies">The names that the copy may have.</param>
    /// <param name="originals">The names that the original may have.</param>
    /// <returns>The copy's name when it is no copy, else null.</returns>
    /// <exception cref="ResLora.Formats.Errors.FileFormatException">The checkpoint is broken.</exception>
    public static string? Different(string folder, IEnumerable<string> copies, IEnumerable<string> originals)
    {
        if (!CheckpointReader.Exists(folder))
        {
            return null;
        }

        var entries = CheckpointReader.ReadHeader(folder).Entries;
        if (copies.FirstOrDefault(entries.ContainsKey) is not { } copy || originals.FirstOrDefault(entries.ContainsKey) is not { } original)
        {
            return null;
        }

        using var scope = NewDisposeScope();
        using var checkpoint = CheckpointReader.Open(folder);
        return entries[copy].Shape.SequenceEqual(entries[original].Shape) && AreEqual(
            checkpoint.Read(copy), checkpoint.Read(original)) ? null : copy;
    }

    /// <summary>In parts, so that a large matrix costs no memory and one that differs hardly any time.</summary>
    private static bool AreEqual(Tensor first, Tensor second)
    {
        for (var start = 0L; start < first.shape[0]; start += RowsAtATime)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(RowsAtATime, first.shape[0] - start);
            if (!first.narrow(0, start, count).eq(second.narrow(0, start, count)).all().item<bool>())
            {
                return false;
            }
        }

        return true;
    }
}
