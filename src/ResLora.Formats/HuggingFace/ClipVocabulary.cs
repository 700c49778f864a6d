using System.Text.Json.Nodes;
using ResLora.Formats.Errors;

namespace ResLora.Formats.HuggingFace;

/// <summary>
/// CLIP's tokenizer as <c>vocab.json</c> and <c>merges.txt</c>: what its class does in code, as the stages of a tokenizer.json.
/// </summary>
/// <param name="folder">The tokenizer's folder.</param>
/// <param name="settings">tokenizer_config.json, or null.</param>
internal sealed class ClipVocabulary(string folder, TokenizerJsonComponent? settings)
{
    private const string Begin = "<|startoftext|>";
    private const string End = "<|endoftext|>";
    private const string EndOfWord = "</w>";

    // Contractions, words, single digits, runs of other signs; white space only separates.
    private const string Words =
        @"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

    // In the order in which the library adds them: what the last one says of a token counts.
    private static readonly (string Key, string Usual)[] _special =
        [("bos_token", Begin), ("eos_token", End), ("unk_token", End), ("pad_token", End)];

    // Where the older file counts, it goes before tokenizer_config.json.
    private readonly TokenizerJsonComponent?[] _sources =
        [settings?.Has("added_tokens_decoder") == true ? null : VocabularyFiles.Open(folder, "special_tokens_map.json"), settings];

    /// <summary>Whether a vocabulary is CLIP's: the settings say so, or say nothing and its tokens do.</summary>
    /// <param name="settings">tokenizer_config.json, or null.</param>
    /// <param name="vocabulary">The tokens with their ids.</param>
    public static bool IsOne(TokenizerJsonComponent? settings, JsonObject vocabulary) => settings?.TextOrNull("tokenizer_class") is { } name
        ? name.StartsWith("CLIPTokenizer", StringComparison.Ordinal)
        : vocabulary.ContainsKey(Begin) && vocabulary.ContainsKey(End);

    /// <summary>The tokenizer.json.</summary>
    /// <param name="path">vocab.json, for messages.</param>
    /// <param name="vocabulary">The tokens with their ids; from now on a part of the result.</param>
    /// <param name="merges">The merges.</param>
    /// <exception cref="FileFormatException">A special token is missing, or a file breaks its format.</exception>
    public JsonObject Describe(string path, JsonObject vocabulary, JsonArray merges)
    {
        var special = SpecialTokens(path, vocabulary);
        return new JsonObject
        {
            ["added_tokens"] = special,
            ["normalizer"] = Sequence(
                "normalizers",
                new JsonObject { ["type"] = "NFC" },
                new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["Regex"] = @"\s+" }, ["content"] = " " },
                new JsonObject { ["type"] = "Lowercase" }),
            ["pre_tokenizer"] = Sequence(
                "pretokenizers",
                new JsonObject
                {
                    ["type"] = "Split",
                    ["pattern"] = new JsonObject { ["Regex"] = Words },
                    ["behavior"] = "Removed",
                    ["invert"] = true,
                },
                VocabularyFiles.ByteLevel(addBlank: false)),
            ["post_processor"] = VocabularyFiles.Processing(
                "RobertaProcessing", path, vocabulary, Name("bos_token", Begin), Name("eos_token", End)),
            ["decoder"] = VocabularyFiles.ByteLevel(addBlank: true),
            ["model"] = new JsonObject
            {
                ["type"] = TokenizerJsonModel.Bpe,
                ["unk_token"] = Name("unk_token", End),
                ["end_of_word_suffix"] = EndOfWord,
                ["vocab"] = vocabulary,
                ["merges"] = merges,
            },
        };
    }

    private static JsonObject Sequence(string key, params JsonNode[] stages) =>
        new() { ["type"] = "Sequence", [key] = new JsonArray(stages) };

    private JsonArray SpecialTokens(string path, JsonObject vocabulary)
    {
        var tokens = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var (key, usual) in _special)
        {
            var (name, written) = (Name(key, usual), Written(key));
            var id = vocabulary[name] ?? throw new FileFormatException(
                $"{path}: the token '{name}' is missing, which the files beside it call {key}; take the vocabulary that goes with them.");
            tokens[name] = new JsonObject
            {
                ["id"] = id.DeepClone(),
                ["content"] = name,
                ["single_word"] = Flag(written, "single_word"),
                ["lstrip"] = Flag(written, "lstrip"),
                ["rstrip"] = Flag(written, "rstrip"),
                // A token that is only named is looked for in the text as it is written.
                ["normalized"] = written is { IsText: false } && written.Flag("normalized", true),
                ["special"] = true,
            };
        }

        return new JsonArray([.. tokens.Values]);
    }

    private static bool Flag(TokenizerJsonComponent? written, string key) => written is { IsText: false } && written.Flag(key);

    private TokenizerJsonComponent? Written(string key) =>
        _sources.Select(source => source?.ChildOrNull(key)).FirstOrDefault(value => value is not null);

    private string Name(string key, string usual) =>
        Written(key) is { } value ? value.IsText ? value.AsText() : value.Text("content") : usual;
}
