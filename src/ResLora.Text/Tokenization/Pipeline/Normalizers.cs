using System.Text;
using ResLora.Formats.HuggingFace;
using ResLora.Text.Tokenization.Patterns;
using ResLora.Text.Tokenization.Unicode;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>Builds the stage that rewrites the text before it is cut into words.</summary>
internal static class Normalizers
{
    /// <summary>Builds the normalizer that a tokenizer.json describes.</summary>
    /// <param name="json">The description; null leaves the text as it is.</param>
    /// <returns>The function from text to normalized text.</returns>
    public static Func<TextPiece, TextPiece> Create(TokenizerJsonComponent? json)
    {
        if (json is null)
        {
            return piece => piece;
        }

        var stages = Growth.Stages(json, "normalizers").Select(stage => (Json: stage, Run: Stage(stage))).ToList();
        return piece => stages.Aggregate(piece, (current, stage) =>
        {
            current = stage.Run(current);
            Growth.Require(piece.Text.Length, current.Text.Length, stage.Json);
            return current;
        });
    }

    private static Func<TextPiece, TextPiece> Stage(TokenizerJsonComponent json)
    {
        switch (json.Type)
        {
            case "NFC":
                return Rewritten(text => NormalizationForms.Compose(text, compatible: false));
            case "NFD":
                return Rewritten(text => NormalizationForms.Decompose(text, compatible: false));
            case "NFKC":
                return Rewritten(text => NormalizationForms.Compose(text, compatible: true));
            case "NFKD":
                return Rewritten(text => NormalizationForms.Decompose(text, compatible: true));
            case "BertNormalizer":
                return BertText.Normalizer(json);
            case "StripAccents":
                return piece => piece.Without(CharacterSets.IsMark);
            case "Lowercase":
                return Rewritten(BertText.Lower);
            case "Nmt":
                return NmtText.Normalize;
            case "Precompiled":
                return new PrecompiledMap(json).Normalize;
            case "ByteLevel":
                return Rewritten(ByteLevelAlphabet.Encode);
            case "Prepend":
                var prefix = json.Text("prepend");
                return Rewritten(text => text.Length == 0 ? text : prefix + text);
            case "Replace":
                return Replace(json);
            case "Strip":
                return Strip(json.Flag("strip_left", true), json.Flag("strip_right", true));
            default:
                throw json.Unsupported(
                    "normalizer", "Sequence", "NFC", "NFD", "NFKC", "NFKD", "BertNormalizer", "StripAccents", "Lowercase", "Nmt", "Precompiled",
                    "ByteLevel", "Prepend", "Replace", "Strip");
        }
    }

    private static Func<TextPiece, TextPiece> Rewritten(Func<string, string> rewrite) => piece => piece with { Text = rewrite(piece.Text) };

    private static Func<TextPiece, TextPiece> Replace(TokenizerJsonComponent json)
    {
        var (pattern, content) = (TextPattern.Create(json.Child("pattern")), json.Text("content"));
        return piece =>
        {
            var keepsStart = true;
            var text = pattern.Replace(piece.Text, content, Growth.Most(piece.Text.Length), (start, length) =>
                keepsStart &= start > 0 || length == 0
                    || (content.Length > 0 && length == Rune.GetRuneAt(piece.Text, 0).Utf16SequenceLength));
            return new TextPiece(text, piece.AtStart && keepsStart);
        };
    }

    private static Func<TextPiece, TextPiece> Strip(bool left, bool right) => piece =>
    {
        var text = right ? piece.Text.TrimEnd() : piece.Text;
        var trimmed = left ? text.TrimStart() : text;
        return new TextPiece(trimmed, piece.AtStart && trimmed.Length == text.Length);
    };
}
