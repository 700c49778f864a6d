using System.Text;
using ResLora.Formats.HuggingFace;
using ResLora.Text.Tokenization.Unicode;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>What BERT's normalizer and pre-tokenizer do to a text.</summary>
internal static class BertText
{
    /// <summary>The letter whose lower case is two characters; .NET leaves it as it is.</summary>
    private const int CapitalDottedI = 0x130;

    /// <summary>
    /// Builds BERT's normalizer: clean, put blanks around ideographs, take accents off, lower case, each where asked for.
    /// </summary>
    /// <param name="json">The description.</param>
    /// <returns>The function from text to normalized text.</returns>
    public static Func<TextPiece, TextPiece> Normalizer(TokenizerJsonComponent json)
    {
        var (clean, ideographs) = (json.Flag("clean_text", true), json.Flag("handle_chinese_chars", true));
        var lower = json.Flag("lowercase", true);
        var strip = json.FlagOrNull("strip_accents") ?? lower;
        return piece =>
        {
            piece = clean ? Blank(piece.Without(CharacterSets.IsOther)) : piece;
            piece = ideographs ? piece with { Text = SpaceIdeographs(piece.Text) } : piece;
            piece = strip ? piece with { Text = NormalizationForms.Decompose(piece.Text, compatible: false) } : piece;
            piece = strip ? piece.Without(CharacterSets.IsAccent) : piece;
            return lower ? piece with { Text = Lower(piece.Text) } : piece;
        };
    }

    /// <summary>Lower case, character by character, whatever the language.</summary>
    public static string Lower(string text) => Rewrite(text, (rune, output) =>
    {
        if (rune.Value == CapitalDottedI)
        {
            output.Append("i\u0307");
        }
        else
        {
            output.Append(YoungCharacters.ToLower(rune).ToString());
        }
    });

    /// <summary>Cuts at white space, and makes every punctuation character a word of its own.</summary>
    public static IEnumerable<TextPiece> Words(TextPiece piece) => PieceSplitter
        .Split(piece, RuneMatches.Where(piece.Text, Rune.IsWhiteSpace), SplitBehavior.Removed)
        .SelectMany(word => PieceSplitter.Split(word, RuneMatches.Where(word.Text, CharacterSets.IsPunctuation), SplitBehavior.Isolated));

    private static TextPiece Blank(TextPiece piece) => piece with
    {
        Text = Rewrite(piece.Text, (rune, output) => output.Append(Rune.IsWhiteSpace(rune) ? " " : rune.ToString())),
    };

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

    private static string Rewrite(string text, Action<Rune, StringBuilder> rewrite)
    {
        var output = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            rewrite(rune, output);
        }

        return output.ToString();
    }
}
