using Microsoft.Win32.SafeHandles;
using static TorchSharp.torch;

namespace ResLora.Tensors;

/// <summary>Moves a tensor's raw bytes in pieces: one span ends at 2 GiB, a large embedding does not.</summary>
internal static class TensorBytes
{
    private const long PieceElements = 8 * 1024 * 1024;

    /// <summary>Writes the elements in order.</summary>
    /// <param name="tensor">Contiguous, on the CPU; borrowed.</param>
    /// <param name="stream">Where the bytes go.</param>
    public static void Write(Tensor tensor, Stream stream)
    {
        using var flat = tensor.view(-1);
        for (long start = 0; start < flat.NumberOfElements; start += PieceElements)
        {
            using var piece = flat.narrow(0, start, Math.Min(PieceElements, flat.NumberOfElements - start));
            stream.Write(piece.bytes);
        }
    }

    /// <summary>Fills a tensor from a file.</summary>
    /// <param name="tensor">Contiguous, on the CPU; its content is replaced.</param>
    /// <param name="file">The file to read.</param>
    /// <param name="offset">Where the tensor's data begins, in bytes.</param>
    /// <returns>False when the file ends too early.</returns>
    public static bool TryFill(Tensor tensor, SafeFileHandle file, long offset)
    {
        using var flat = tensor.view(-1);
        for (long start = 0; start < flat.NumberOfElements; start += PieceElements)
        {
            using var piece = flat.narrow(0, start, Math.Min(PieceElements, flat.NumberOfElements - start));
            var rest = piece.bytes;
            while (!rest.IsEmpty)
            {
                var count = RandomAccess.Read(file, rest, offset);
                if (count == 0)
                {
                    return false;
                }

                rest = rest[count..];
                offset += count;
            }
        }

        return true;
    }
}
