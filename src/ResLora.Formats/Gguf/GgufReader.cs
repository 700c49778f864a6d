using System.Runtime.InteropServices;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using static TorchSharp.torch;

namespace ResLora.Formats.Gguf;

/// <summary>
/// An open GGUF file (version 2 or 3, little endian), checked before a tensor is read: every count, length and offset against the
/// file's size, names, alignment and overlaps. Element types: F32, F16, BF16 and Q8_0.
/// </summary>
public sealed class GgufReader : IDisposable
{
    private const long PieceBytes = 8 * 1024 * 1024;

    private readonly FileStream _file;
    private readonly Dictionary<string, object> _metadata;
    private readonly Dictionary<string, GgufEntry> _entries;

    private GgufReader(string path, FileStream file, GgufHeadParser head) =>
        (Path, _file, _metadata, _entries) = (path, file, head.Metadata, head.Entries);

    /// <summary>The file, as it was given.</summary>
    public string Path { get; }

    /// <summary>Keys and values: bool, string, number types, and arrays of numbers and strings (of bool as bytes).</summary>
    public IReadOnlyDictionary<string, object> Metadata => _metadata;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, GgufEntry> Entries => _entries;

    /// <summary>Opens and checks a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The reader; disposing it leaves the tensors read from it valid.</returns>
    /// <exception cref="FileFormatException">The file is missing or breaks a rule of the format.</exception>
    public static GgufReader Open(string path)
    {
        var file = InputFile.OpenRead(path);
        try
        {
            var head = new GgufHeadParser(new GgufCursor(file, path), file.Length);
            head.Parse();
            return new GgufReader(path, file, head);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A value that must be there, in exactly the type asked for, as llama.cpp asks.</summary>
    /// <typeparam name="T">uint, float, bool, string, or an array of string, float or int.</typeparam>
    /// <param name="key">The key.</param>
    /// <returns>The value.</returns>
    /// <exception cref="FileFormatException">The key is missing or has another type.</exception>
    public T Require<T>(string key) where T : notnull =>
        TryGet<T>(key, out var value) ? value : throw new FileFormatException(
            $"'{Path}' has no key '{key}'.{NearestName.Suggestion(key, _metadata.Keys)}");

    /// <summary>A value, in exactly the type asked for.</summary>
    /// <typeparam name="T">As for <see cref="Require"/>.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, when there is one.</param>
    /// <returns>Whether the key is there.</returns>
    /// <exception cref="FileFormatException">The key has another type.</exception>
    public bool TryGet<T>(string key, out T value) where T : notnull
    {
        value = default!;
        if (!_metadata.TryGetValue(key, out var found))
        {
            return false;
        }

        value = found is T fits
            ? fits
            : throw new FileFormatException($"'{Path}': the key '{key}' holds {found.GetType().Name}; {typeof(T).Name} is needed.");
        return true;
    }

    /// <summary>A tensor of the file.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <returns>A new tensor in the entry's shape, the caller's: float32, float16 or bfloat16 as stored, Q8_0 as float32.</returns>
    /// <exception cref="FileFormatException">The file has no such tensor, or was cut short since it was opened.</exception>
    public Tensor Read(string name)
    {
        if (!_entries.TryGetValue(name, out var entry))
        {
            throw new FileFormatException($"'{Path}' has no tensor '{name}'.{NearestName.Suggestion(name, _entries.Keys)}");
        }

        var type = GgufStoredType.Named(entry.TypeName);
        var tensor = empty([.. entry.Shape], type.DataType, CPU);
        try
        {
            using var flat = tensor.view(-1);   // [...] -> [N]
            Fill(flat, entry, type);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>Closes the file; tensors already read stay valid.</summary>
    public void Dispose() => _file.Dispose();

    private void Fill(Tensor flat, GgufEntry entry, GgufStoredType type)
    {
        var perPiece = PieceBytes / type.GroupBytes * type.GroupLength;
        var buffer = new byte[Math.Min(entry.Length, PieceBytes / type.GroupBytes * type.GroupBytes)];
        var offset = entry.Offset;
        for (long start = 0; start < flat.NumberOfElements; start += perPiece)
        {
            using var piece = flat.narrow(0, start, Math.Min(perPiece, flat.NumberOfElements - start));
            var stored = buffer.AsSpan(0, (int)(piece.NumberOfElements / type.GroupLength * type.GroupBytes));
            ReadFully(stored, offset, entry);
            offset += stored.Length;
            if (type.Name == GgufStoredType.Blocked)
            {
                Dequantize(stored, MemoryMarshal.Cast<byte, float>(piece.bytes), type);
            }
            else
            {
                stored.CopyTo(piece.bytes);
            }
        }
    }

    /// <summary>x = d · q for each block of a float16 scale d and signed bytes q.</summary>
    private static void Dequantize(ReadOnlySpan<byte> stored, Span<float> numbers, GgufStoredType type)
    {
        while (!stored.IsEmpty)
        {
            var scale = (float)BitConverter.ToHalf(stored);
            var values = MemoryMarshal.Cast<byte, sbyte>(stored[2..type.GroupBytes]);
            for (var i = 0; i < values.Length; i++)
            {
                numbers[i] = scale * values[i];
            }

            stored = stored[type.GroupBytes..];
            numbers = numbers[type.GroupLength..];
        }
    }

    private void ReadFully(Span<byte> bytes, long offset, GgufEntry entry)
    {
        while (!bytes.IsEmpty)
        {
            var count = RandomAccess.Read(_file.SafeFileHandle, bytes, offset);
            if (count == 0)
            {
                throw new FileFormatException($"'{Path}' ended within tensor '{entry.Name}': it was cut short after it was opened.");
            }

            bytes = bytes[count..];
            offset += count;
        }
    }
}
