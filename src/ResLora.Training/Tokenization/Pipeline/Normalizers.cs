using ResLora.Formats.HuggingFace;
using ResLora.Training.Tokenization.Patterns;
using ResLora.Training.Tokenization.Unicode;

namespace ResLora.Training.Tokenization.Pipeline;

/// <summary>Builds the stage that rewrites the text before it is cut into words.</summary>
internal static class Normalizers
{
    /// <summary>Builds the normalizer that a tokenizer.json describes.</summary>
    /// <param name="json">The description; null leaves the text as it is.</param>
    /// <returns>The function from text to normalized text.</returns>
    public static Func<string, string> Create(TokenizerJsonComponent? json)
    {
        switch (json?.Type)
        {
            case null:
                return text => text;
            case "Sequence":
                var steps = json.Items("normalizers").Select(Create).ToList();
                return text => steps.Aggregate(text, (current, step) => step(current));
            case "NFC":
                return CanonicalComposition.Normalize;
            case "NFD":
                return CanonicalComposition.Decompose;
            case "BertNormalizer":
                return BertText.Normalizer(json);
            case "StripAccents":
                return BertText.StripAccents;
            case "Lowercase":
                return BertText.Lower;
            case "Prepend":
                var prefix = json.Text("prepend");
                return text => text.Length == 0 ? text : prefix + text;
            case "Replace":
                var (pattern, content) = (TextPattern.Create(json.Child("pattern")), json.Text("content"));
                return text => pattern.Replace(text, content);
            case "Strip":
                var (left, right) = (json.Flag("strip_left", true), json.Flag("strip_right", true));
                return text => (left, right) switch
                {
                    (true, true) => text.Trim(),
                    (true, false) => text.TrimStart(),
                    (false, true) => text.TrimEnd(),
                    _ => text,
                };
            default:
                throw json.Unsupported("normalizer", "Sequence", "NFC", "NFD", "BertNormalizer", "StripAccents", "Lowercase", "Prepend", "Replace", "Strip");
        }
    }
}
