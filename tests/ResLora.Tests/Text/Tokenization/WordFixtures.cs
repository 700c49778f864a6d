using System.Text.Json.Nodes;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>The stages before the model, seen through a vocabulary in which every word is one token.</summary>
internal static class WordFixtures
{
    public static JsonObject SplitRegex(string pattern) => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["Regex"] = pattern },
        ["behavior"] = "Isolated",
        ["invert"] = false,
    };

    public static JsonObject Split(string literal, string behavior, bool invert) => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["String"] = literal },
        ["behavior"] = behavior,
        ["invert"] = invert,
    };

    // With ignore_merges a word of the vocabulary is one token; every part of the text is put there, before and after the
    // normalizer as the expectation has it, so that each word shows up as one token.
    public static string Words(string text, JsonNode? preTokenizer, JsonNode? normalizer = null, string normalized = "")
    {
        var parts = Parts(text).Concat(Parts(normalized)).Distinct(StringComparer.Ordinal);
        var json = new JsonObject
        {
            ["normalizer"] = normalizer,
            ["pre_tokenizer"] = preTokenizer,
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["ignore_merges"] = true,
                ["vocab"] = new JsonObject(parts.Select((part, id) => KeyValuePair.Create(part, (JsonNode?)id))),
                ["merges"] = new JsonArray(),
            },
        };
        var tokenizer = TokenizerFixtures.Load(json.ToJsonString());
        return string.Join('|', tokenizer.Encode(text).Select(id => tokenizer.TokenOf(id)));
    }

    private static IEnumerable<string> Parts(string text)
    {
        string[] characters = [.. text.EnumerateRunes().Select(rune => rune.ToString())];
        return from start in Enumerable.Range(0, characters.Length)
               from length in Enumerable.Range(1, characters.Length - start)
               select string.Concat(characters.Skip(start).Take(length));
    }
}
