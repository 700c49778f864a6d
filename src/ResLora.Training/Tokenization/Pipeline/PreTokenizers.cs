using System.Text;
using ResLora.Formats.HuggingFace;
using ResLora.Training.Tokenization.Patterns;

namespace ResLora.Training.Tokenization.Pipeline;

/// <summary>Builds the stage that cuts the text into the words inside which the model merges.</summary>
internal static class PreTokenizers
{
    /// <summary>GPT-2's words: contractions, letters, digits, other characters, each with a blank in front, and white space.</summary>
    private const string ByteLevelWords = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Builds the pre-tokenizer that a tokenizer.json describes.</summary>
    /// <param name="json">The description; null leaves the text in one piece.</param>
    /// <returns>The function from a piece to its words.</returns>
    public static Func<TextPiece, IEnumerable<TextPiece>> Create(TokenizerJsonComponent? json) => json?.Type switch
    {
        null => piece => [piece],
        "Sequence" => json.Items("pretokenizers").Select(Create).Aggregate(
            Create(null), (first, second) => piece => first(piece).SelectMany(second)),
        "ByteLevel" => ByteLevel(json),
        "BertPreTokenizer" => BertText.Words,
        "Split" => Split(json),
        "Digits" => Digits(json),
        "Metaspace" => Metaspace(json),
        _ => throw json.Unsupported("pre-tokenizer", "Sequence", "ByteLevel", "BertPreTokenizer", "Split", "Digits", "Metaspace"),
    };

    private static Func<TextPiece, IEnumerable<TextPiece>> ByteLevel(TokenizerJsonComponent json)
    {
        var addBlank = json.Flag("add_prefix_space", true);
        var words = json.Flag("use_regex", true) ? new TokenizerRegex(ByteLevelWords, json) : null;
        return piece =>
        {
            piece = addBlank && !piece.Text.StartsWith(' ') ? piece with { Text = " " + piece.Text } : piece;
            var cut = words is null ? [piece] : PieceSplitter.Split(piece, words.Matches(piece.Text), SplitBehavior.Isolated);
            return cut.Select(word => word with { Text = ByteLevelAlphabet.Encode(word.Text) });
        };
    }

    private static Func<TextPiece, IEnumerable<TextPiece>> Split(TokenizerJsonComponent json)
    {
        var pattern = TextPattern.Create(json.Child("pattern"));
        var invert = json.Flag("invert");
        var behavior = json.Text("behavior");
        return Enum.TryParse<SplitBehavior>(behavior, out var parsed) && parsed.ToString() == behavior
            ? piece => PieceSplitter.Split(piece, pattern.Matches(piece.Text), parsed, invert)
            : throw json.Error($"behavior '{behavior}' is unknown (known: {string.Join(", ", Enum.GetNames<SplitBehavior>())})");
    }

    private static Func<TextPiece, IEnumerable<TextPiece>> Digits(TokenizerJsonComponent json)
    {
        var behavior = json.Flag("individual_digits") ? SplitBehavior.Isolated : SplitBehavior.Contiguous;
        return piece => PieceSplitter.Split(piece, Numbers(piece.Text), behavior);
    }

    private static Func<TextPiece, IEnumerable<TextPiece>> Metaspace(TokenizerJsonComponent json)
    {
        var marker = MetaspaceMarker(json).ToString();
        var scheme = MetaspaceScheme(json);
        var split = json.Flag("split", true);
        var pattern = TextPattern.Literal(marker);
        return piece =>
        {
            var text = piece.Text.Replace(" ", marker, StringComparison.Ordinal);
            var prepend = scheme == "always" || (scheme == "first" && piece.AtStart);
            text = prepend && !text.StartsWith(marker, StringComparison.Ordinal) ? marker + text : text;
            piece = piece with { Text = text };
            return split ? PieceSplitter.Split(piece, pattern.Matches(text), SplitBehavior.MergedWithNext) : [piece];
        };
    }

    /// <summary>The character that stands for a blank.</summary>
    /// <param name="json">A Metaspace pre-tokenizer or decoder.</param>
    /// <returns>The character.</returns>
    internal static char MetaspaceMarker(TokenizerJsonComponent json) =>
        json.Text("replacement") is [var marker] ? marker : throw json.Error("replacement must be one character");

    /// <summary>Where a blank is put in front: <c>always</c>, <c>first</c> or <c>never</c>.</summary>
    /// <param name="json">A Metaspace pre-tokenizer or decoder; older ones have only <c>add_prefix_space</c>.</param>
    /// <returns>The scheme's name.</returns>
    internal static string MetaspaceScheme(TokenizerJsonComponent json)
    {
        var scheme = json.TextOrNull("prepend_scheme") ?? (json.Flag("add_prefix_space", true) ? "always" : "never");
        return scheme is "always" or "first" or "never"
            ? scheme
            : throw json.Error($"prepend_scheme '{scheme}' is unknown (known: always, first, never)");
    }

    private static IEnumerable<(int Start, int Length)> Numbers(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            var rune = Rune.GetRuneAt(text, i);
            if (Rune.IsNumber(rune))
            {
                yield return (i, rune.Utf16SequenceLength);
            }

            i += rune.Utf16SequenceLength;
        }
    }
}
