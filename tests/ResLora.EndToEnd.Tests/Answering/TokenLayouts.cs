using System.Globalization;
using System.Text.Json.Nodes;
using ResLora.Text.Tokenization;

namespace ResLora.EndToEnd.Tests.Answering;

/// <summary>The tokenizer's and generation's files of a model, as the families of published models have them.</summary>
internal static class TokenLayouts
{
    private static readonly BpeTrainingOptions _options = new() { VocabularySize = 300, PadToken = "<stop>" };

    /// <summary>The layouts by name.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "begin token added", "no begin token", "begin token named but not added", "begin and end token added", "begin token added in a sequence",
        "blanks and bytes", "list of ends", "list of one end", "list without the named end", "end in config.json alone", "list in config.json alone",
    ];

    /// <summary>The files of a layout beside config.json, and what config.json says of tokens.</summary>
    public static (IReadOnlyDictionary<string, string> Files, JsonObject Config) Of(string name, IEnumerable<string> texts)
    {
        var tokenizer = name == "blanks and bytes" ? BlanksAndBytes(texts) : JsonNode.Parse(
            ByteLevelBpeTrainer.Train(texts, _options))!.AsObject();
        var template = tokenizer["post_processor"]!.DeepClone();
        var settings = new JsonObject { ["tokenizer_class"] = "PreTrainedTokenizerFast", ["bos_token"] = "<s>", ["eos_token"] = "</s>" };
        JsonObject? generation = null;
        var config = new JsonObject();
        switch (name)
        {
            case "no begin token":
                tokenizer["post_processor"] = null;
                settings["bos_token"] = null;
                break;
            case "begin token named but not added":
                tokenizer["post_processor"] = new JsonObject { ["type"] = "ByteLevel" };
                settings["add_bos_token"] = false;
                generation = new JsonObject { ["bos_token_id"] = 0, ["eos_token_id"] = 1 };
                config["bos_token_id"] = 0;
                break;
            case "begin and end token added":
                template["single"]!.AsArray().Add(JsonNode.Parse("""{"SpecialToken":{"id":"</s>","type_id":0}}"""));
                template["special_tokens"]!["</s>"] = JsonNode.Parse("""{"id":"</s>","ids":[1],"tokens":["</s>"]}""");
                tokenizer["post_processor"] = template;
                break;
            case "begin token added in a sequence":
                tokenizer["post_processor"] = new JsonObject
                {
                    ["type"] = "Sequence",
                    ["processors"] = new JsonArray(new JsonObject { ["type"] = "ByteLevel" }, template),
                };
                break;
            case "list of ends":
                generation = new JsonObject { ["eos_token_id"] = new JsonArray(2, 1) };
                break;
            case "list of one end":
                generation = new JsonObject { ["eos_token_id"] = new JsonArray(2) };
                config["eos_token_id"] = 1;
                break;
            case "list without the named end":
                generation = new JsonObject { ["eos_token_id"] = new JsonArray(2, 0) };
                break;
            case "end in config.json alone":
                config["eos_token_id"] = 2;
                break;
            case "list in config.json alone":
                config["eos_token_id"] = new JsonArray(2, 0);
                settings["eos_token"] = null;
                break;
        }

        var files = new Dictionary<string, string> { ["tokenizer.json"] = tokenizer.ToJsonString(), ["tokenizer_config.json"] = settings.ToJsonString() };
        if (generation is not null)
        {
            files["generation_config.json"] = generation.ToJsonString();
        }

        return (files, config);
    }

    /// <summary>As made from SentencePiece models: ▁ for a blank and in front of a text, bytes for what the vocabulary lacks.</summary>
    private static JsonObject BlanksAndBytes(IEnumerable<string> texts)
    {
        var tokens = new List<string> { "<s>", "</s>", "<unk>" };
        tokens.AddRange(Enumerable.Range(0, 256).Select(value => string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>")));
        // Digits are left to the bytes.
        tokens.AddRange(
            texts.SelectMany(
                text =>
                    text.Replace(' ', '▁').EnumerateRunes()).Where(rune =>
                        rune.Value is < '0' or > '9').Select(rune => rune.ToString()).Distinct());
        tokens.AddRange(["▁A", "an"]);
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray([.. tokens.Take(3).Select((token, id) => new JsonObject { ["id"] = id, ["content"] = token, ["special"] = true, ["normalized"] = false })]),
            ["normalizer"] = JsonNode.Parse("""
                {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
                """),
            ["pre_tokenizer"] = null,
            ["post_processor"] = JsonNode.Parse("""
                {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
                 "special_tokens":{"<s>":{"id":"<s>","ids":[0],"tokens":["<s>"]}}}
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
                ["merges"] = new JsonArray("▁ A", "a n"),
            },
        };
    }
}
