using System.Text;
using ResLora.Formats.HuggingFace;
using ResLora.Text.Tokenization.Patterns;
using ResLora.Text.Tokenization.Unicode;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>Builds the stage that cuts the text into the words inside which the model merges.</summary>
internal static class PreTokenizers
{
    /// <summary>GPT-2's words: contractions, letters, digits, other characters, each with a blank in front, and white space.</summary>
    private const string ByteLevelWords = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Builds the pre-tokenizer that a tokenizer.json describes.</summary>
    /// <param name="json">The description; null leaves the text in one piece.</param>
    /// <returns>The function from a piece to its words.</returns>
    public static Func<TextPiece, IEnumerable<TextPiece>> Create(TokenizerJsonComponent? json)
    {
        if (json is null)
        {
            return piece => [piece];
        }

        var stages = Growth.Stages(json, "pretokenizers").Select(stage => (Json: stage, Run: Stage(stage))).ToList();
        return stages is [var only]
            ? only.Run
            : piece => stages.Aggregate(
                (IEnumerable<TextPiece>)[piece],
                (words, stage) => Bounded(words.SelectMany(stage.Run), piece.Text.Length, stage.Json));
    }

    private static Func<TextPiece, IEnumerable<TextPiece>> Stage(TokenizerJsonComponent json) => json.Type switch
    {
        "ByteLevel" => ByteLevel(json),
        "BertPreTokenizer" => BertText.Words,
        "CharDelimiterSplit" => Delimiter(json),
        "Digits" => Digits(json),
        "FixedLength" => FixedLength(json),
        "Metaspace" => Metaspace(json),
        "Punctuation" => Punctuation(json),
        "Split" => Split(json),
        "UnicodeScripts" => ScriptText.Words,
        "Whitespace" => WordsAndSigns,
        "WhitespaceSplit" => piece => PieceSplitter.Split(piece, RuneMatches.Where(piece.Text, Rune.IsWhiteSpace), SplitBehavior.Removed),
        _ => throw json.Unsupported(
            "pre-tokenizer", "Sequence", "ByteLevel", "BertPreTokenizer", "CharDelimiterSplit", "Digits", "FixedLength", "Metaspace", "Punctuation",
            "Split", "UnicodeScripts", "Whitespace", "WhitespaceSplit"),
    };

    private static IEnumerable<TextPiece> Bounded(IEnumerable<TextPiece> words, int from, TokenizerJsonComponent json)
    {
        var length = 0L;
        foreach (var word in words)
        {
            length += word.Text.Length;
            Growth.Require(from, length, json);
            yield return word;
        }
    }

    private static Func<TextPiece, IEnumerable<TextPiece>> ByteLevel(TokenizerJsonComponent json)
    {
        var addBlank = json.Flag("add_prefix_space", true);
        var words = json.Flag("use_regex", true) ? new TokenizerRegex(ByteLevelWords, json) : null;
        return piece =>
        {
            piece = addBlank && !piece.Text.StartsWith(' ') ? piece.Prepend(" ") : piece;
            var cut = words is null ? [piece] : PieceSplitter.Split(piece, words.Matches(piece.Text), SplitBehavior.Isolated);
            return cut.Select(word => word with { Text = ByteLevelAlphabet.Encode(word.Text) });
        };
    }

    private static Func<TextPiece, IEnumerable<TextPiece>> Split(TokenizerJsonComponent json)
    {
        var pattern = TextPattern.Create(json.Child("pattern"));
        var invert = json.Flag("invert");
        var behavior = Behavior(json, json.Text("behavior"));
        return piece => PieceSplitter.Split(piece, pattern.Matches(piece.Text), behavior, invert);
    }

    private static SplitBehavior Behavior(TokenizerJsonComponent json, string name) =>
        Enum.TryParse<SplitBehavior>(name, out var parsed) && parsed.ToString() == name
            ? parsed
            : throw json.Error($"behavior '{name}' is unknown (known: {string.Join(", ", Enum.GetNames<SplitBehavior>())})");

    private static Func<TextPiece, IEnumerable<TextPiece>> Punctuation(TokenizerJsonComponent json)
    {
        var behavior = Behavior(json, json.TextOrNull("behavior") ?? nameof(SplitBehavior.Isolated));
        return piece => PieceSplitter.Split(piece, RuneMatches.Where(piece.Text, CharacterSets.IsPunctuation), behavior);
    }

    private static Func<TextPiece, IEnumerable<TextPiece>> Delimiter(TokenizerJsonComponent json)
    {
        Rune[] delimiter = [.. json.Text("delimiter").EnumerateRunes()];
        return delimiter is [var one]
            ? piece => PieceSplitter.Split(piece, RuneMatches.Where(piece.Text, rune => rune == one), SplitBehavior.Removed)
            : throw json.Error("delimiter must be one character");
    }

    private static Func<TextPiece, IEnumerable<TextPiece>> FixedLength(TokenizerJsonComponent json)
    {
        const int usualLength = 5;
        var length = json.ChildOrNull("length")?.AsNumber() ?? usualLength;
        return length < 1
            ? throw json.Error($"length is {length}, expected at least 1")
            : piece => PieceSplitter.Split(
                piece,
                RuneMatches.Where(piece.Text, _ => true).Where((_, i) => i % length == 0).Select(rune => (rune.Start, 0)),
                SplitBehavior.Isolated);
    }

    // Runs of word characters and runs of other signs; white space is left out.
    private static IEnumerable<TextPiece> WordsAndSigns(TextPiece piece) => PieceSplitter
        .Split(piece, RuneMatches.Where(piece.Text, Rune.IsWhiteSpace), SplitBehavior.Removed)
        .SelectMany(word => PieceSplitter.Split(word, RuneMatches.Where(word.Text, RuneMatches.IsWord), SplitBehavior.Contiguous));

    private static Func<TextPiece, IEnumerable<TextPiece>> Digits(TokenizerJsonComponent json)
    {
        var behavior = json.Flag("individual_digits") ? SplitBehavior.Isolated : SplitBehavior.Contiguous;
        return piece => PieceSplitter.Split(piece, RuneMatches.Where(piece.Text, YoungCharacters.IsNumber), behavior);
    }

    private static Func<TextPiece, IEnumerable<TextPiece>> Metaspace(TokenizerJsonComponent json)
    {
        var marker = MetaspaceMarker(json).ToString();
        var scheme = MetaspaceScheme(json);
        var split = json.Flag("split", true);
        return piece =>
        {
            var text = piece.Text.Replace(" ", marker, StringComparison.Ordinal);
            var prepend = scheme == "always" || (scheme == "first" && piece.AtStart);
            piece = piece with { Text = text };
            piece = prepend && !text.StartsWith(marker, StringComparison.Ordinal) ? piece.Prepend(marker) : piece;
            return split ? PieceSplitter.Split(piece, TextPattern.Occurrences(piece.Text, marker), SplitBehavior.MergedWithNext) : [piece];
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
        if (scheme is not ("always" or "first" or "never"))
        {
            throw json.Error($"prepend_scheme '{scheme}' is unknown (known: always, first, never)");
        }

        return scheme == "never" || json.Flag("add_prefix_space", true)
            ? scheme
            : throw json.Error($"prepend_scheme '{scheme}' contradicts add_prefix_space false; leave one of them out");
    }
}
