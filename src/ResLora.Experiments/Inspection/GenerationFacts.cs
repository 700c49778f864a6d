using ResLora.Formats.Errors;
using ResLora.Text.Tokenization;
using ResLora.Training.Generation;

namespace ResLora.Experiments.Inspection;

/// <summary>What a model's files say about texts that are to go on: what stands in front, where they end, and how tokens are
/// drawn.</summary>
internal static class GenerationFacts
{
    /// <summary>Reads them.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <returns>Names and values, in the order to be shown.</returns>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(string folder)
    {
        try
        {
            var tokenizer = Tokenizer.Load(folder);
            var sampling = SamplingSettings.Read(folder);
            return
            [
                new("in front of a text", Tokens(tokenizer, tokenizer.Before)),
                new("a text ends at", $"{Tokens(tokenizer, tokenizer.Ends.Ids)}{(tokenizer.Ends.Source is { } source ? $", by {Path.GetFileName(source)}" : "")}"),
                new("trained end", Tokens(tokenizer, tokenizer.EndId is { } end ? [end] : [])),
                new("padding", Tokens(tokenizer, tokenizer.PadId is { } pad ? [pad] : [])),
                new(
                    "asks to draw with",
                    sampling.Numbers.Count == 0 ? "nothing: the likeliest token" : $"{sampling}; not used here unless told"),
            ];
        }
        catch (FileFormatException error)
        {
            return [new("tokenizer", $"cannot be read: {error.Message}")];
        }
    }

    private static string Tokens(Tokenizer tokenizer, IReadOnlyList<int> ids) => ids.Count == 0
        ? "nothing"
        : string.Join(", ", ids.Select(id => tokenizer.TokenOf(id) is { } token ? $"{token} ({id})" : $"{id}"));
}
