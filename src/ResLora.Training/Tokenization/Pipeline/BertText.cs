using System.Globalization;
using System.Text;
using ResLora.Formats.HuggingFace;
using ResLora.Training.Tokenization.Unicode;

namespace ResLora.Training.Tokenization.Pipeline;

/// <summary>What BERT's normalizer and pre-tokenizer do to a text.</summary>
internal static class BertText
{
    /// <summary>The letter whose lower case is two characters; .NET leaves it as it is.</summary>
    private const int CapitalDottedI = 0x130;

    /// <summary>Builds BERT's normalizer: clean, put blanks around ideographs, take accents off, lower case, each where asked for.</summary>
    /// <param name="json">The description.</param>
    /// <returns>The function from text to normalized text.</returns>
    public static Func<string, string> Normalizer(TokenizerJsonComponent json)
    {
        var (clean, ideographs, lower) = (json.Flag("clean_text", true), json.Flag("handle_chinese_chars", true), json.Flag("lowercase", true));
        var strip = json.FlagOrNull("strip_accents") ?? lower;
        return text =>
        {
            text = clean ? Clean(text) : text;
            text = ideographs ? SpaceIdeographs(text) : text;
            text = strip ? StripAccents(CanonicalComposition.Decompose(text)) : text;
            return lower ? Lower(text) : text;
        };
    }

    /// <summary>Takes marks that have no width of their own out.</summary>
    public static string StripAccents(string text) =>
        Rewrite(text, (rune, output) => Append(output, rune, Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark));

    /// <summary>Lower case, character by character, whatever the language.</summary>
    public static string Lower(string text) => Rewrite(text, (rune, output) =>
    {
        if (rune.Value == CapitalDottedI)
        {
            output.Append("i\u0307");
        }
        else
        {
            output.Append(Rune.ToLowerInvariant(rune).ToString());
        }
    });

    /// <summary>Cuts at white space, and makes every punctuation character a word of its own.</summary>
    public static IEnumerable<TextPiece> Words(TextPiece piece) => PieceSplitter
        .Split(piece, Where(piece.Text, Rune.IsWhiteSpace), SplitBehavior.Removed)
        .SelectMany(word => PieceSplitter.Split(word, Where(word.Text, IsPunctuation), SplitBehavior.Isolated));

    private static string Clean(string text) => Rewrite(text, (rune, output) =>
    {
        if (Rune.IsWhiteSpace(rune))
        {
            output.Append(' ');
        }
        else
        {
            var isControl = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse;
            Append(output, rune, !isControl && rune != Rune.ReplacementChar);
        }
    });

    private static string SpaceIdeographs(string text) => Rewrite(text, (rune, output) =>
    {
        if (IsIdeograph(rune.Value))
        {
            output.Append(' ').Append(rune.ToString()).Append(' ');
        }
        else
        {
            output.Append(rune.ToString());
        }
    });

    // As Hugging Face's library has it, which begins one range at 2B920 where Unicode has 2B820.
    private static bool IsIdeograph(int point) => point is
        (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or
        (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    // ASCII's symbols, such as $ and +, count too.
    private static bool IsPunctuation(Rune rune) =>
        rune.Value is (>= '!' and <= '/') or (>= ':' and <= '@') or (>= '[' and <= '`') or (>= '{' and <= '~') || Rune.IsPunctuation(rune);

    private static IEnumerable<(int Start, int Length)> Where(string text, Func<Rune, bool> matches)
    {
        for (var i = 0; i < text.Length;)
        {
            var rune = Rune.GetRuneAt(text, i);
            if (matches(rune))
            {
                yield return (i, rune.Utf16SequenceLength);
            }

            i += rune.Utf16SequenceLength;
        }
    }

    private static string Rewrite(string text, Action<Rune, StringBuilder> rewrite)
    {
        var output = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            rewrite(rune, output);
        }

        return output.ToString();
    }

    private static void Append(StringBuilder output, Rune rune, bool keep)
    {
        if (keep)
        {
            output.Append(rune.ToString());
        }
    }
}
