using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;
using ResLora.Text.Tokenization.Pipeline;
using ResLora.Text.Tokenization.Unicode;

namespace ResLora.Text.Tokenization;

/// <summary>Trains byte-level BPE tokenizers and writes them in Hugging Face's layout.</summary>
/// <remarks>Byte pair encoding: arXiv 1508.07909, section 3.2; byte level: GPT-2, section 2.2.</remarks>
public static class ByteLevelBpeTrainer
{
    private static readonly JsonSerializerOptions _layout = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // "Ġ" stays readable; the text is no part of a web page
    };

    /// <summary>Trains a tokenizer. The same texts, in any order, give the same tokenizer.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="options">What the tokenizer should be like.</param>
    /// <returns>The text of a tokenizer.json, whose post-processor puts the special tokens of its layout around a text.</returns>
    /// <exception cref="ConfigException">An option is out of its range.</exception>
    public static string Train(IEnumerable<string> texts, BpeTrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var preTokenizer = PreTokenizer(options);
        List<string> tokens = [.. options.SpecialTokens, .. ByteLevelAlphabet.Sorted.Select(c => c.ToString())];
        var ids = tokens.Select((token, id) => KeyValuePair.Create(token, id)).ToDictionary(StringComparer.Ordinal);
        var merges = new List<string>();

        var learner = new MergeLearner(CountWords(texts, preTokenizer).Select(word => (Symbols(word.Key, ids), word.Value)));
        while (tokens.Count < options.VocabularySize && learner.MostFrequent() is var (pair, count) && count >= options.MinimumCount)
        {
            var merged = tokens[pair.Left] + tokens[pair.Right];
            merges.Add($"{tokens[pair.Left]} {tokens[pair.Right]}");
            if (ids.TryAdd(merged, tokens.Count))
            {
                tokens.Add(merged);
            }

            learner.Merge(pair, ids[merged]);
        }

        return Describe(options, preTokenizer, tokens, merges).ToJsonString(_layout);
    }

    /// <summary>The tokenizer_config.json that belongs beside a trained tokenizer.json.</summary>
    /// <param name="options">The options that the tokenizer was trained with.</param>
    /// <param name="longestText">The longest text that the model takes, in tokens.</param>
    /// <returns>The text of the file.</returns>
    public static string DescribeConfig(BpeTrainingOptions options, int longestText)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Layout == BpeLayout.Roberta)
        {
            return new JsonObject
            {
                ["tokenizer_class"] = "RobertaTokenizerFast",
                ["bos_token"] = options.BeginToken,
                ["cls_token"] = options.BeginToken,
                ["eos_token"] = options.EndToken,
                ["sep_token"] = options.EndToken,
                ["pad_token"] = options.PadToken,
                ["unk_token"] = options.UnknownToken,
                ["mask_token"] = options.MaskToken,
                ["add_prefix_space"] = false,
                ["clean_up_tokenization_spaces"] = false,
                ["model_max_length"] = longestText,
            }.ToJsonString(_layout);
        }

        return new JsonObject
        {
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
            ["bos_token"] = options.BeginToken,
            ["eos_token"] = options.EndToken,
            ["pad_token"] = options.PadToken,
            ["add_bos_token"] = true,
            ["add_eos_token"] = false,
            ["clean_up_tokenization_spaces"] = false,
            ["model_max_length"] = longestText,
        }.ToJsonString(_layout);
    }

    // The words are cut by the very stage that the trained tokenizer will use.
    private static Dictionary<string, long> CountWords(IEnumerable<string> texts, JsonObject preTokenizer)
    {
        var cut = PreTokenizers.Create(TokenizerJsonComponent.Parse(preTokenizer.ToJsonString(), "the new tokenizer"));
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var word in texts.SelectMany(text => cut(new TextPiece(WellFormedText.From(text), AtStart: true))))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, word.Text, out _)++;
        }

        return counts;
    }

    private static int[] Symbols(string word, Dictionary<string, int> ids) => [.. word.Select(c => ids[c.ToString()])];

    private static JsonObject PreTokenizer(BpeTrainingOptions options)
    {
        var steps = new JsonArray(ByteLevel());
        if (options.IndividualDigits)
        {
            steps.Insert(0, new JsonObject { ["type"] = "Digits", ["individual_digits"] = true });
        }

        return new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = steps };
    }

    private static JsonObject ByteLevel() =>
        new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };

    private static JsonObject Describe(
        BpeTrainingOptions options, JsonObject preTokenizer, List<string> tokens, List<string> merges) => new()
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. options.SpecialTokens.Select((token, id) => SpecialToken(token, id, isMask: options.Layout == BpeLayout.Roberta && token == options.MaskToken))]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = preTokenizer,
            ["post_processor"] = options.Layout == BpeLayout.Roberta ? Around(options) : Template(options.BeginToken),
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = false,
                ["vocab"] = new JsonObject(tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
                ["merges"] = new JsonArray([.. merges.Select(merge => JsonValue.Create(merge))]),
            },
        };

    private static JsonObject SpecialToken(string content, int id, bool isMask) => new JsonObject
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = isMask,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = true,
    };

    private static JsonObject Around(BpeTrainingOptions options)
    {
        JsonArray Named(string token) => new(token, options.SpecialTokens.Index().First(special => special.Item == token).Index);
        return new JsonObject
        {
            ["type"] = "RobertaProcessing",
            ["sep"] = Named(options.EndToken),
            ["cls"] = Named(options.BeginToken),
            ["trim_offsets"] = true,
            ["add_prefix_space"] = false,
        };
    }

    private static JsonObject Template(string begin) => new()
    {
        ["type"] = "TemplateProcessing",
        ["single"] = new JsonArray(Special(begin, 0), Sequence("A", 0)),
        ["pair"] = new JsonArray(Special(begin, 0), Sequence("A", 0), Special(begin, 1), Sequence("B", 1)),
        ["special_tokens"] = new JsonObject
        {
            [begin] = new JsonObject { ["id"] = begin, ["ids"] = new JsonArray(0), ["tokens"] = new JsonArray(begin) },
        },
    };

    private static JsonObject Special(string token, int type) =>
        new() { ["SpecialToken"] = new JsonObject { ["id"] = token, ["type_id"] = type } };

    private static JsonObject Sequence(string name, int type) =>
        new() { ["Sequence"] = new JsonObject { ["id"] = name, ["type_id"] = type } };
}
