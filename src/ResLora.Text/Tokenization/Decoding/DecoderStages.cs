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
        var factories = Growth.Stages(json, "decoders").Select(step => Stage(step, ref joined)).ToList();
        return () => [.. factories.Select(make => make())];
    }

    private static Func<IDecoderStage> Stage(TokenizerJsonComponent json, ref bool joined)
    {
        if (joined && json.Type is not ("Fuse" or "Strip"))
        {
            throw json.Error($"decoder {json.Type} behind a decoder that joins the tokens is not supported");
        }

        switch (json.Type)
        {
            case "ByteLevel":
                joined = true;
                return () => new ByteLevelStage();
            case "Fuse":
                joined = true;
                return () => new MapStage(token => token); // all that follows sees one text
            case "ByteFallback":
                return () => new ByteFallbackStage();
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
                    "decoder", "Sequence", "ByteLevel", "ByteFallback", "Fuse", "Replace", "Metaspace", "WordPiece", "BPEDecoder", "Strip");
        }
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
