using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>
/// The map of characters that SentencePiece's models carry (T5, XLM-R): a double-array trie over UTF-8, whose values are places in a list
/// of texts that end with a zero byte.
/// </summary>
/// <remarks>
/// A unit of the trie: bits 0 to 7 the byte, bit 8 whether a text ends here, bits 10 to 30 the distance of the next unit, times 256 with
/// bit 9; a unit with bit 31 is a value. Hugging Face's library looks first for the shortest beginning of a whole user-perceived character
/// of up to 5 bytes, which then stands for all of it, and else for each of its code points.
/// </remarks>
internal sealed class PrecompiledMap
{
    private const int LongestCluster = 5;

    private readonly uint[] _units;
    private readonly byte[] _texts;
    private readonly TokenizerJsonComponent _json;

    /// <summary>Reads a map.</summary>
    /// <param name="json">The normalizer with <c>precompiled_charsmap</c> in base 64: the trie's length in bytes, the trie, the
    /// texts.</param>
    public PrecompiledMap(TokenizerJsonComponent json)
    {
        _json = json.Child("precompiled_charsmap");
        var bytes = new byte[_json.AsText().Length];
        if (!Convert.TryFromBase64String(_json.AsText(), bytes, out var count) || count < sizeof(uint))
        {
            throw _json.Error("it is no map of characters in base 64");
        }

        var map = bytes.AsSpan(0, count);
        var size = BinaryPrimitives.ReadUInt32LittleEndian(map);
        if (size > count - sizeof(uint) || size < sizeof(uint) || size % sizeof(uint) != 0)
        {
            throw _json.Error($"its trie should have {size} bytes, and {count - sizeof(uint)} follow");
        }

        _units = new uint[size / sizeof(uint)];
        for (var i = 0; i < _units.Length; i++)
        {
            _units[i] = BinaryPrimitives.ReadUInt32LittleEndian(map[((i + 1) * sizeof(uint))..]);
        }

        _texts = map[(sizeof(uint) + (int)size)..].ToArray();
    }

    /// <summary>Normalizes a text.</summary>
    /// <param name="piece">The text.</param>
    /// <returns>The normalized text.</returns>
    public TextPiece Normalize(TextPiece piece)
    {
        var text = new StringBuilder(piece.Text.Length);
        for (var i = 0; i < piece.Text.Length;)
        {
            var cluster = piece.Text.AsSpan(i, StringInfo.GetNextTextElementLength(piece.Text, i));
            if (Encoding.UTF8.GetByteCount(cluster) <= LongestCluster && Find(cluster) is { } whole)
            {
                text.Append(whole);
            }
            else
            {
                foreach (var rune in cluster.EnumerateRunes())
                {
                    var character = rune.ToString();
                    text.Append(Find(character) ?? character);
                }
            }

            i += cluster.Length;
            Growth.Require(piece.Text.Length, text.Length, _json);
        }

        return piece with { Text = text.ToString() };
    }

    private string? Find(ReadOnlySpan<char> characters)
    {
        Span<byte> key = stackalloc byte[LongestCluster];
        key = key[..Encoding.UTF8.GetBytes(characters, key)];
        var node = Next(0, UnitAt(0));
        foreach (var value in key)
        {
            node ^= value;
            var unit = UnitAt(node);
            if (value == 0 || (unit & 0x800000FF) != value)
            {
                return null;
            }

            node = Next(node, unit);
            if ((unit >> 8 & 1) == 1)
            {
                return TextAt(UnitAt(node) & 0x7FFFFFFF);
            }
        }

        return null;
    }

    private static uint Next(uint node, uint unit) => node ^ ((unit >> 10) << (int)((unit & 0x200) >> 6));

    private uint UnitAt(uint node) => node < _units.Length ? _units[node] : throw Broken();

    private string TextAt(uint start)
    {
        if (start > _texts.Length)
        {
            throw Broken();
        }

        var text = _texts.AsSpan((int)start);
        var end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }

    private FileFormatException Broken() => _json.Error("its trie points outside of itself");
}
