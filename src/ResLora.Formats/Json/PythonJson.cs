using System.Text;

namespace ResLora.Formats.Json;

/// <summary>What Python's json module writes although it is no JSON: NaN, Infinity and -Infinity as bare words.</summary>
internal static class PythonJson
{
    private static readonly byte[][] _words = [.. new[] { "-Infinity", "Infinity", "NaN" }.Select(Encoding.ASCII.GetBytes)];

    /// <summary>Puts quotes round such words where they stand as values; the rest stays as it is.</summary>
    /// <param name="utf8">The text.</param>
    /// <returns>The text itself when it has none.</returns>
    public static ReadOnlyMemory<byte> Quoted(ReadOnlyMemory<byte> utf8)
    {
        var text = utf8.Span;
        using var quoted = new MemoryStream();
        var (taken, isString, last) = (0, false, (byte)0);
        for (var i = 0; i < text.Length; i++)
        {
            var symbol = text[i];
            if (isString)
            {
                i += symbol == '\\' ? 1 : 0;
                isString = symbol != '"';
            }
            else if (last is (byte)':' or (byte)',' or (byte)'[' && WordAt(text[i..]) is { } word)
            {
                quoted.Write(text[taken..i]);
                quoted.WriteByte((byte)'"');
                quoted.Write(word);
                quoted.WriteByte((byte)'"');
                i += word.Length - 1;
                taken = i + 1;
            }
            else
            {
                isString = symbol == '"';
            }

            last = IsBlank(symbol) ? last : symbol;
        }

        if (taken == 0)
        {
            return utf8;
        }

        quoted.Write(text[taken..]);
        return quoted.ToArray();
    }

    private static byte[]? WordAt(ReadOnlySpan<byte> text)
    {
        foreach (var word in _words)
        {
            if (text.StartsWith(word))
            {
                var next = text[word.Length..].TrimStart(" \t\r\n"u8);
                return next.Length > 0 && next[0] is (byte)',' or (byte)'}' or (byte)']' ? word : null;
            }
        }

        return null;
    }

    private static bool IsBlank(byte symbol) => symbol is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
}
