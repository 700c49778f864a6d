using System.Globalization;
using System.Text.Json.Nodes;
using ResLora.Text.Tokenization;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>Small tokenizers that the tests make themselves.</summary>
internal static class TokenizerFixtures
{
    public static readonly string[] Texts =
    [
        "The cat sat on the mat and the dog sat on the log.", "Anna has 12 apples; she gives 5 apples to Ben.",
        "naïve café, Ångström and 日本語 the the the", "  spaces\n\tand tabs  and   the end",
    ];

    public static Tokenizer Load(string tokenizerJson, params (string Name, string Content)[] others)
    {
        using var folder = new TemporaryFolder([("tokenizer.json", tokenizerJson), .. others]);
        return Tokenizer.Load(folder.Path);
    }

    public static Tokenizer ByteLevel() => Load(ByteLevelBpeTrainer.Train(Texts, new BpeTrainingOptions { VocabularySize = 320 }));

    /// <summary>A tokenizer like those made from SentencePiece models: blanks as ▁, bytes for what the vocabulary lacks.</summary>
    public static JsonObject SentencePiece()
    {
        var tokens = new List<string> { "<unk>", "<s>", "</s>" };
        tokens.AddRange(Enumerable.Range(0, 256).Select(value => string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>")));
        tokens.AddRange(["▁", "a", "b", "c", "𝑥", "▁a", "ab", "▁ab", "bc", "𝑥a"]);
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(Added(0, "<unk>"), Added(1, "<s>"), Added(2, "</s>")),
            ["normalizer"] = JsonNode.Parse("""
                {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
                """),
            ["pre_tokenizer"] = null,
            ["post_processor"] = JsonNode.Parse("""
                {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
                 "special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}}
                """),
            ["decoder"] = JsonNode.Parse("""
                {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},
                 {"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
                """),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = "<unk>",
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["vocab"] = new JsonObject(tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
                ["merges"] = new JsonArray("▁ a", "b c", "a b", "▁a b", "𝑥 a"),
            },
        };
    }

    public static JsonNode Added(int id, string content, bool special = true, string flags = "") => JsonNode.Parse($$"""
        {"id":{{id}},"content":{{JsonValue.Create(content)!.ToJsonString()}},"special":{{(special ? "true" : "false")}},"normalized":false{{flags}}}
        """)!;
}
