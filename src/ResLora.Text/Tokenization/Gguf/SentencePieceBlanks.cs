using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>
/// What a SentencePiece-style tokenizer does with blanks, which llama.cpp knows in one form only: ▁ for each, and perhaps one in front.
/// </summary>
internal static class SentencePieceBlanks
{
    private const string Marker = "▁";

    /// <summary>Whether a blank is put in front of a text.</summary>
    /// <param name="json">The tokenizer.</param>
    /// <param name="losses">Where rare differences are named.</param>
    /// <returns>The value of <c>add_space_prefix</c>.</returns>
    /// <exception cref="ConfigException">The tokenizer does something else with texts.</exception>
    public static bool AddsBlank(TokenizerJson json, List<string> losses)
    {
        var steps = Steps(json.Normalizer).ToList();
        if (json.PreTokenizer is null)
        {
            var prepends = steps.Count > 0 && steps[0].Type == "Prepend" && steps[0].Text("prepend") == Marker;
            return steps.Skip(prepends ? 1 : 0).ToList() is [var replace] && ReplacesBlanks(replace) ? prepends : throw Refusal(json);
        }

        if (steps.Count > 0 || json.PreTokenizer is not { Type: "Metaspace" } blanks || blanks.Text("replacement") != Marker || blanks.Flag("split", true))
        {
            throw Refusal(json);
        }

        var scheme = blanks.TextOrNull("prepend_scheme") ?? (blanks.Flag("add_prefix_space", true) ? "always" : "never");
        if (scheme != "never")
        {
            losses.Add("llama.cpp puts a blank in front of a text that begins with one, and behind every special token.");
        }

        return scheme != "never";
    }

    private static IEnumerable<TokenizerJsonComponent> Steps(TokenizerJsonComponent? normalizer) => normalizer?.Type switch
    {
        null => [],
        "Sequence" => normalizer.Items("normalizers").SelectMany(Steps),
        _ => [normalizer],
    };

    private static bool ReplacesBlanks(TokenizerJsonComponent step) =>
        step.Type == "Replace" && step.Child("pattern").TextOrNull("String") == " " && step.Text("content") == Marker;

    private static ConfigException Refusal(TokenizerJson json) => new(
        $"{json.File}: llama.cpp's SentencePiece tokenizer only puts {Marker} for blanks (Prepend and Replace, or Metaspace without split); "
        + "this normalizer or pre-tokenizer does something else, so the model cannot be written as GGUF.");
}
