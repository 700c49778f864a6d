using System.Text;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>
/// The byte-level alphabet of GPT-2: every byte has a printable character, printable Latin-1 bytes their own and the
/// others one from U+0100 on, in the order of the bytes.
/// </summary>
internal static class ByteLevelAlphabet
{
    private static readonly char[] _characters = BuildCharacters();
    private static readonly Dictionary<char, byte> _bytes =
        _characters.Select((character, value) => KeyValuePair.Create(character, (byte)value)).ToDictionary();

    /// <summary>The 256 characters, in the order of their code points.</summary>
    public static IEnumerable<char> Sorted => _characters.Order();

    /// <summary>Writes the UTF-8 bytes of a text as characters of the alphabet.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>One character a byte.</returns>
    public static string Encode(string text) =>
        string.Create(Encoding.UTF8.GetByteCount(text), text, static (target, source) =>
        {
            var bytes = Encoding.UTF8.GetBytes(source);
            for (var i = 0; i < bytes.Length; i++)
            {
                target[i] = _characters[bytes[i]];
            }
        });

    /// <summary>The bytes that a token stands for; a token outside the alphabet (an added one) stands for its own UTF-8.</summary>
    /// <param name="token">The token.</param>
    /// <returns>Its bytes; they may end inside a UTF-8 character.</returns>
    public static byte[] Decode(string token)
    {
        var bytes = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            if (!_bytes.TryGetValue(token[i], out bytes[i]))
            {
                return Encoding.UTF8.GetBytes(token);
            }
        }

        return bytes;
    }

    private static char[] BuildCharacters()
    {
        var next = '\u0100';
        return [.. Enumerable.Range(0, 256).Select(value =>
            value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)value : next++)];
    }
}
