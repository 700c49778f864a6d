using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>
/// llama.cpp's name for the way a byte-level tokenizer cuts texts into words. llama.cpp has the patterns built in and takes a name; an
/// unknown one is an error there, and a wrong one gives other tokens.
/// </summary>
internal static class PreTokenizerName
{
    /// <summary>The name.</summary>
    /// <param name="json">The tokenizer.</param>
    /// <param name="losses">Where differences are named that do not concern encoding of ordinary texts.</param>
    /// <returns>The value of <c>tokenizer.ggml.pre</c>.</returns>
    /// <exception cref="ConfigException">llama.cpp has no such way, or none that is known here.</exception>
    public static string Of(TokenizerJson json, List<string> losses)
    {
        switch (json.Normalizer?.Type)
        {
            case null:
                break;
            case "NFC":
                losses.Add("llama.cpp does not bring texts into Unicode's composed form (NFC) before it encodes them.");
                break;
            case var other:
                throw new ConfigException($"{json.File}: llama.cpp has no byte-level tokenizer with the normalizer {other}; the model cannot be written as GGUF.");
        }

        string[] steps = json.PreTokenizer is { } preTokenizer ? [.. Steps(preTokenizer).OfType<string>()] : [];
        foreach (var (name, cuts) in WordCuts.Named)
        {
            if (json.Model.IgnoreMerges == cuts.IgnoresMerges && EndsByteLevel(json.PreTokenizer)
                && steps.SequenceEqual(cuts.Steps, StringComparer.Ordinal))
            {
                if (cuts.CleansText)
                {
                    losses.Add($"llama.cpp leaves out blanks before punctuation when it turns tokens of a '{name}' tokenizer into text.");
                }

                return name;
            }
        }

        throw new ConfigException($"{json.File}: the pre-tokenizer is none of those that llama.cpp is known to have here "
            + $"({string.Join(", ", WordCuts.Named.Keys)}); "
            + $"found {(steps.Length == 0 ? "nothing that cuts words" : string.Join(" then ", steps))}"
            + $"{(json.Model.IgnoreMerges ? " with ignore_merges" : "")}. A wrong name would give other tokens, so the model cannot be written as GGUF.");
    }

    private static bool EndsByteLevel(TokenizerJsonComponent? json) => json?.Type switch
    {
        "ByteLevel" => true,
        "Sequence" => json.Items("pretokenizers") is [.., var last] && EndsByteLevel(last),
        _ => false,
    };

    /// <summary>
    /// The patterns by which texts are cut, one after the other; a step that does something else shows as text that matches nothing.
    /// </summary>
    private static IEnumerable<string?> Steps(TokenizerJsonComponent json) => json.Type switch
    {
        "Sequence" => json.Items("pretokenizers").SelectMany(Steps),
        "ByteLevel" when json.Flag("add_prefix_space", true) => ["ByteLevel with a blank in front"],
        "ByteLevel" => [json.Flag("use_regex", true) ? WordCuts.Gpt2Words : null],
        "Digits" => [json.Flag("individual_digits") ? WordCuts.SingleDigits : "Digits in groups"],
        "Split" when json.Child("pattern").TextOrNull("Regex") is { } pattern && json.Text("behavior") == "Isolated"
            && !json.Flag("invert") => [pattern],
        var other => [other],
    };
}
