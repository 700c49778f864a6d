using System.Text;
using System.Text.RegularExpressions;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>
/// Byte-level pair encoding from merges: words by the patterns that llama.cpp has under a name, then pairs by their place in the list.
/// </summary>
internal sealed class GgufByteWords
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    // llama.cpp's own spelling: contractions in either case, digits one by one or in threes.
    private const string Newer = @"'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<(string, string), int> _ranks = [];
    private readonly Regex[] _patterns;
    private readonly bool _wholeWordsFirst;

    public GgufByteWords(GgufFile file, Dictionary<string, int> ids)
    {
        _ids = ids;
        foreach (var (rank, merge) in file.Require<string[]>("tokenizer.ggml.merges").Index())
        {
            _ranks.TryAdd(merge.Split(' ') is [var left, var right] && ids.ContainsKey(left) && ids.ContainsKey(right) && ids.ContainsKey(left + right)
                ? (left, right)
                : throw new FileFormatException(
                    $"'{file.Path}': the merge '{merge}' is no pair of tokens that make one ('tokenizer.ggml.merges')."), rank);
        }

        var name = file.Require<string>("tokenizer.ggml.pre");
        string[] patterns = name switch
        {
            "gpt-2" => [Gpt2],
            "smollm" => [@"\p{N}", Gpt2],
            "qwen2" => [Newer.Replace("DIGITS", "", StringComparison.Ordinal)],
            "llama-bpe" or "smaug-bpe" => [Newer.Replace("DIGITS", "{1,3}", StringComparison.Ordinal)],
            _ => throw new ConfigException($"'{file.Path}' cuts words by '{name}' ('tokenizer.ggml.pre'), which is not known here."),
        };
        _patterns = [.. patterns.Select(pattern => new Regex(pattern, RegexOptions.CultureInvariant, _patience))];
        _wholeWordsFirst = name == "llama-bpe";
    }

    /// <summary>Encodes a text between special tokens.</summary>
    /// <param name="text">The text.</param>
    /// <param name="atStart">Of no account here.</param>
    /// <param name="output">Where its ids are added.</param>
    public void Encode(string text, bool atStart, List<int> output)
    {
        Rune[] runes = [.. text.EnumerateRunes()];
        var kinds = string.Concat(runes.Select(Kind));
        foreach (var (start, length) in Words(kinds))
        {
            EncodeWord(string.Concat(runes.AsSpan(start, length).ToArray().SelectMany(Bytes)), output);
        }
    }

    private List<(int Start, int Length)> Words(string kinds)
    {
        var words = new List<(int Start, int Length)> { (0, kinds.Length) };
        foreach (var pattern in _patterns)
        {
            words = [.. words.SelectMany(
                word => Cut(pattern, kinds.Substring(word.Start, word.Length)).Select(part => (word.Start + part.Start, part.Length)))];
        }

        return words;
    }

    // What no match covers is a word, too.
    private static IEnumerable<(int Start, int Length)> Cut(Regex pattern, string text)
    {
        var done = 0;
        foreach (Match match in pattern.Matches(text))
        {
            if (match.Index > done)
            {
                yield return (done, match.Index - done);
            }

            yield return (match.Index, match.Length);
            done = match.Index + match.Length;
        }

        if (done < text.Length)
        {
            yield return (done, text.Length - done);
        }
    }

    private void EncodeWord(string word, List<int> output)
    {
        List<string> pieces = _wholeWordsFirst && _ids.ContainsKey(word) ? [word] : [.. word.Select(c => c.ToString())];
        while (Best(pieces) is { } left)
        {
            pieces[left] += pieces[left + 1];
            pieces.RemoveAt(left + 1);
        }

        foreach (var piece in pieces)
        {
            if (_ids.TryGetValue(piece, out var id))
            {
                output.Add(id);
            }
            else
            {
                output.AddRange(piece.Select(c => c.ToString()).Where(_ids.ContainsKey).Select(c => _ids[c]));
            }
        }
    }

    private int? Best(List<string> pieces)
    {
        int? best = null;
        var lowest = int.MaxValue;
        for (var i = 0; i + 1 < pieces.Count; i++)
        {
            if (_ranks.TryGetValue((pieces[i], pieces[i + 1]), out var rank) && rank < lowest)
            {
                (best, lowest) = (i, rank);
            }
        }

        return best;
    }

    // .NET's patterns see halves of characters beyond U+FFFF; one of the same kind from the first plane stands for them.
    private static char Kind(Rune rune) => rune.IsBmp ? (char)rune.Value
        : Rune.IsLetter(rune) ? 'א'
        : Rune.IsNumber(rune) ? '٠'
        : '☃';

    private static IEnumerable<char> Bytes(Rune rune) => Encoding.UTF8.GetBytes(rune.ToString()).Select(Character);

    // Printable bytes stand for themselves; the others follow U+0100 in order.
    private static char Character(byte value) => value switch
    {
        >= 0x21 and <= 0x7E or >= 0xA1 and <= 0xAC or >= 0xAE => (char)value,
        <= 0x20 => (char)(0x100 + value),
        <= 0xA0 => (char)(0x100 + value - 0x7F + 0x21),
        _ => (char)0x143,
    };
}
