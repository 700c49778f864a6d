using ResLora.Formats.HuggingFace;
using ResLora.Text.Tokenization.Patterns;
using ResLora.Text.Tokenization.Pipeline;

namespace ResLora.Text.Tokenization.Decoding;

/// <summary>Builds the stages from tokens to text.</summary>
internal static class DecoderStages
{
    private static readonly (string Found, string Written)[] _tight =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"),
        (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    /// <summary>Reads the decoder that a tokenizer.json describes.</summary>
    /// <param name="json">The description; null puts a blank between tokens.</param>
    /// <returns>A function that makes fresh stages, one set for each sequence.</returns>
    public static Func<IReadOnlyList<IDecoderStage>> Create(TokenizerJsonComponent? json)
    {
        if (json is null)
        {
            return () => [new FirstTokenStage(token => token, token => " " + token)];
        }

        var joined = false;
        var factories = Growth.Stages(json, "decoders").Aggregate(
            new List<Func<IDecoderStage>>(), (all, step) => [.. all, .. Stages(step, ref joined)]);
        return () => [.. factories.Select(make => make())];
    }

    // Behind a stage that joins the tokens there is one token, the text. Few stages can take it in parts.
    private static Func<IDecoderStage>[] Stages(TokenizerJsonComponent json, ref bool joined)
    {
        var wasJoined = joined;
        joined |= json.Type is "ByteLevel" or "Fuse";
        var stage = Stage(json, wasJoined);
        return wasJoined && json.Type is not ("Fuse" or "Strip") ? [() => new WholeStage(), stage] : [stage];
    }

    private static Func<IDecoderStage> Stage(TokenizerJsonComponent json, bool joined)
    {
        switch (json.Type)
        {
            case "ByteLevel":
                return () => new ByteLevelStage();
            case "Fuse":
                return () => new MapStage(token => token); // all that follows sees one text
            case "ByteFallback":
                return () => new ByteFallbackStage();
            case "CTC":
                return Ctc(json);
            case "Replace":
                var (pattern, content) = (TextPattern.Create(json.Child("pattern")), json.Text("content"));
                return () => new MapStage(token => pattern.Replace(token, content, Math.Max(token.Length, Growth.LongestToken)));
            case "Metaspace":
                return Metaspace(json);
            case "WordPiece":
                return WordPiece(json);
            case "BPEDecoder":
                return WordEnds(json);
            case "Strip":
                return Strip(json, joined);
            default:
                throw json.Unsupported(
                    "decoder", "Sequence", "ByteLevel", "ByteFallback", "CTC", "Fuse", "Replace", "Metaspace", "WordPiece", "BPEDecoder", "Strip");
        }
    }

    private static Func<IDecoderStage> Ctc(TokenizerJsonComponent json)
    {
        var (pad, delimiter) = (json.TextOrNull("pad_token") ?? "<pad>", json.TextOrNull("word_delimiter_token") ?? "|");
        if (pad.Length == 0 || delimiter.Length == 0)
        {
            throw json.Error("pad_token or word_delimiter_token is empty");
        }

        var clean = json.Flag("cleanup", true);
        return () => new CtcStage(token => token.Replace(pad, "", StringComparison.Ordinal) is var text && clean
            ? WithoutBlanks(text).Replace(delimiter, " ", StringComparison.Ordinal)
            : text);
    }

    private static Func<IDecoderStage> Metaspace(TokenizerJsonComponent json)
    {
        var marker = PreTokenizers.MetaspaceMarker(json);
        var drop = PreTokenizers.MetaspaceScheme(json) != "never";
        string Blank(string token) => token.Replace(marker, ' ');
        string Drop(string token) => token.Replace(marker.ToString(), "", StringComparison.Ordinal);
        return () => new FirstTokenStage(drop ? Drop : Blank, Blank);
    }

    private static Func<IDecoderStage> WordPiece(TokenizerJsonComponent json)
    {
        var prefix = json.TextOrNull("prefix") ?? "##";
        Func<string, string> clean = json.Flag("cleanup", true) ? WithoutBlanks : token => token;
        string Other(string token) => clean(token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token);
        return () => new FirstTokenStage(clean, Other);
    }

    private static Func<IDecoderStage> WordEnds(TokenizerJsonComponent json)
    {
        var suffix = json.TextOrNull("suffix") ?? "</w>";
        return suffix.Length > 0
            ? () => new LastTokenStage(
                token => token.Replace(suffix, "", StringComparison.Ordinal), token => token.Replace(suffix, " ", StringComparison.Ordinal))
            : throw json.Error("suffix is empty");
    }

    // English writes no blank before these.
    private static string WithoutBlanks(string token) =>
        _tight.Aggregate(token, (text, rule) => text.Replace(rule.Found, rule.Written, StringComparison.Ordinal));

    private static Func<IDecoderStage> Strip(TokenizerJsonComponent json, bool joined)
    {
        var content = json.Text("content") is [var one] ? one : throw json.Error("content must be one character");
        var (start, stop) = (json.Child("start").AsNumber(), json.Child("stop").AsNumber());
        return joined
            ? () => new StripStage(content, start, stop)
            : () => new MapStage(token => string.Concat(new StripStage(content, start, stop).Add(token)));
    }
}
