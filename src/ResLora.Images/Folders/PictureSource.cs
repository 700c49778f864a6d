using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Images.Decoding;

namespace ResLora.Images.Folders;

/// <summary>Where a picture's file is: on the disk, or in a row of a table. Nothing is read or decoded until it is asked for.</summary>
public sealed class PictureSource
{
    private readonly ReadOnlyMemory<byte>? _content;
    private readonly string _place;
    private string? _digest;

    private PictureSource(string name, string place, ReadOnlyMemory<byte>? content) => (Name, _place, _content) = (name, place, content);

    /// <summary>What the data set calls it: the path from its folder, with slashes, or the row of a table.</summary>
    public string Name { get; }

    /// <summary>What to call it in errors: the whole path in quotes, or the table and the row.</summary>
    public string Place => _content is null ? $"'{_place}'" : _place;

    /// <summary>A file on the disk.</summary>
    /// <param name="name">What the data set calls it.</param>
    /// <param name="path">Its path.</param>
    /// <returns>The source.</returns>
    public static PictureSource OfFile(string name, string path) => new(name, path, null);

    /// <summary>A file in a row of a table.</summary>
    /// <param name="name">What the data set calls it.</param>
    /// <param name="place">The table and the row, for errors.</param>
    /// <param name="content">The whole file.</param>
    /// <returns>The source.</returns>
    public static PictureSource OfBytes(string name, string place, ReadOnlyMemory<byte> content) => new(name, place, content);

    /// <summary>The whole file.</summary>
    /// <returns>Its bytes.</returns>
    /// <exception cref="FileFormatException">The file is missing, too large or cannot be read.</exception>
    public ReadOnlyMemory<byte> Read() => _content ?? InputFile.ReadBytes(_place, PictureDecoder.MaxFileBytes);

    /// <summary>The SHA-256 of the whole file in hex, reckoned once.</summary>
    /// <returns>64 digits.</returns>
    /// <exception cref="FileFormatException">The file is missing, too large or cannot be read.</exception>
    public string Digest() => _digest ??= Convert.ToHexString(SHA256.HashData(Read().Span));

    /// <summary>The picture.</summary>
    /// <returns>The picture, upright.</returns>
    /// <exception cref="FileFormatException">It is missing, no picture, damaged, cut off or too large: says which file.</exception>
    public PixelImage Decode() => PictureDecoder.Decode(Read().Span, Place);

    /// <summary>The picture, or what is wrong with it.</summary>
    /// <param name="picture">The picture, upright.</param>
    /// <param name="fault">What <see cref="Decode"/> would throw, a sentence.</param>
    /// <returns>Whether there is a picture.</returns>
    public bool TryDecode([NotNullWhen(true)] out PixelImage? picture, [NotNullWhen(false)] out string? fault)
    {
        try
        {
            (picture, fault) = (Decode(), null);
            return true;
        }
        catch (FileFormatException error)
        {
            (picture, fault) = (null, error.Message);
            return false;
        }
    }
}
