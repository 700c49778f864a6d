using System.Buffers.Binary;
using System.Text;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>
/// Builds the map of characters that SentencePiece's models carry: a double-array trie over UTF-8 and texts that end with a zero byte.
/// </summary>
internal sealed class CharacterMap
{
    private const int LeafFlag = 1 << 8;

    private readonly SortedDictionary<uint, uint> _units = new() { [0] = 0 };

    /// <summary>The map in base 64, as <c>precompiled_charsmap</c> has it.</summary>
    public static string Build(params (string From, string To)[] entries)
    {
        var map = new CharacterMap();
        var texts = new MemoryStream();
        var keys = new List<(byte[] Key, uint Value)>();
        foreach (var (from, to) in entries)
        {
            keys.Add((Encoding.UTF8.GetBytes(from), (uint)texts.Length));
            texts.Write(Encoding.UTF8.GetBytes(to + "\0"));
        }

        map.Place(0, keys, depth: 0);
        // Whatever byte is looked for, its place is there.
        var bytes = new byte[(((int)map._units.Keys.Max() | byte.MaxValue) + 2) * sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)bytes.Length - sizeof(uint));
        foreach (var (place, unit) in map._units)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((int)(place + 1) * sizeof(uint)), unit);
        }

        return Convert.ToBase64String([.. bytes, .. texts.ToArray()]);
    }

    // A node's children stand at base ^ byte, and its value, if it ends a key, at the base itself.
    private void Place(uint node, IReadOnlyList<(byte[] Key, uint Value)> keys, int depth)
    {
        var children = keys.Where(key => key.Key.Length > depth).GroupBy(key => key.Key[depth]).ToList();
        var value = keys.Where(key => key.Key.Length == depth).Select(key => (uint?)key.Value).FirstOrDefault();
        uint first = 1;
        while (_units.ContainsKey(first) || children.Any(child => _units.ContainsKey(first ^ child.Key)))
        {
            first++;
        }

        _units[node] |= ((node ^ first) << 10) | (value is null ? 0u : LeafFlag);
        _units[first] = value is { } place ? place | (1u << 31) : 0;
        foreach (var child in children)
        {
            _units[first ^ child.Key] = child.Key;
        }

        foreach (var child in children)
        {
            Place(first ^ child.Key, [.. child], depth + 1);
        }
    }
}
