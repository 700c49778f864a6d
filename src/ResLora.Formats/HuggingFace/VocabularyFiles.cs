using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Formats.HuggingFace;

/// <summary>
/// The files that tokenizers were saved as before tokenizer.json: <c>vocab.txt</c> (BERT) or <c>vocab.json</c> with <c>merges.txt</c>
/// (RoBERTa, GPT-2, CLIP). What their classes did in code is written down as the stages of a tokenizer.json.
/// </summary>
public static class VocabularyFiles
{
    private const long LargestFile = 256L << 20;

    /// <summary>Reads a folder's files.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <returns>The tokenizer, or null when the folder has none of the files.</returns>
    /// <exception cref="FileFormatException">A file cannot be read or breaks its format.</exception>
    public static TokenizerJson? Read(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var (words, pairs, merges) = (
            Path.Combine(folder, "vocab.txt"), Path.Combine(folder, "vocab.json"), Path.Combine(folder, "merges.txt"));
        if (ModelFiles.Exists(pairs) && ModelFiles.Exists(merges))
        {
            return TokenizerJson.Parse(BytePairs(folder, pairs, merges).ToJsonString(), pairs);
        }

        return ModelFiles.Exists(words) ? TokenizerJson.Parse(WordPieces(folder, words).ToJsonString(), words) : null;
    }

    private static JsonObject WordPieces(string folder, string path)
    {
        var settings = Settings(folder);
        var lines = Lines(path);
        var vocabulary = new JsonObject();
        for (var id = 0; id < lines.Length; id++)
        {
            if (!vocabulary.TryAdd(lines[id], id))
            {
                throw new FileFormatException($"{path}, line {id + 1}: token '{lines[id]}' stands twice.");
            }
        }

        var unknown = Token(settings, "unk_token", "[UNK]");
        if (!vocabulary.ContainsKey(unknown))
        {
            throw new FileFormatException($"{path}: unk_token '{unknown}' is not in the vocabulary.");
        }

        var (cls, sep) = (Token(settings, "cls_token", "[CLS]"), Token(settings, "sep_token", "[SEP]"));
        return new JsonObject
        {
            ["added_tokens"] = AddedTokens(
                folder, path, vocabulary, [Token(settings, "pad_token", "[PAD]"), unknown, cls, sep, Token(
                    settings, "mask_token", "[MASK]")], mask: null),
            ["normalizer"] = new JsonObject
            {
                ["type"] = "BertNormalizer",
                ["clean_text"] = true,
                ["handle_chinese_chars"] = settings?.Flag("tokenize_chinese_chars", true) ?? true,
                ["strip_accents"] = settings?.FlagOrNull("strip_accents"),
                ["lowercase"] = settings?.Flag("do_lower_case", true) ?? true,
            },
            ["pre_tokenizer"] = new JsonObject { ["type"] = "BertPreTokenizer" },
            ["post_processor"] = Processing("BertProcessing", path, vocabulary, cls, sep),
            ["decoder"] = new JsonObject { ["type"] = "WordPiece", ["prefix"] = "##", ["cleanup"] = true },
            ["model"] = new JsonObject
            {
                ["type"] = TokenizerJsonModel.WordPiece,
                ["unk_token"] = unknown,
                ["continuing_subword_prefix"] = "##",
                ["max_input_chars_per_word"] = 100,
                ["vocab"] = vocabulary,
            },
        };
    }

    private static JsonObject BytePairs(string folder, string vocabularyPath, string mergesPath)
    {
        var settings = Settings(folder);
        var read = TokenizerJsonComponent.ReadFile(vocabularyPath);
        var vocabulary = new JsonObject();
        foreach (var (token, id) in read.Entries())
        {
            if (!vocabulary.TryAdd(token, id.AsNumber()))
            {
                throw read.Error($"token '{token}' stands twice");
            }
        }

        var merges = new JsonArray(
        [
            .. Lines(mergesPath)
                .Where((line, i) => line.Length > 0 && !(i == 0 && line.StartsWith("#version", StringComparison.Ordinal)))
                .Select(line => JsonValue.Create(line)),
        ]);
        if (ClipVocabulary.IsOne(settings, vocabulary))
        {
            return new ClipVocabulary(folder, settings).Describe(vocabularyPath, vocabulary, merges);
        }

        // Of the others only RoBERTa's class puts tokens around a text; GPT-2's does not.
        var (cls, sep) = (Token(settings, "cls_token", "<s>"), Token(settings, "sep_token", "</s>"));
        var isRoberta = settings?.TextOrNull("tokenizer_class") is { } name
            ? name.Contains("Roberta", StringComparison.Ordinal)
            : vocabulary.ContainsKey(cls) && vocabulary.ContainsKey(sep);
        var mask = Token(settings, "mask_token", "<mask>");
        string[] special = isRoberta
            ? [cls, Token(settings, "pad_token", "<pad>"), sep, Token(settings, "unk_token", "<unk>"), mask]
            : [Token(settings, "eos_token", "<|endoftext|>")];
        return new JsonObject
        {
            ["added_tokens"] = AddedTokens(folder, vocabularyPath, vocabulary, special, mask),
            ["pre_tokenizer"] = ByteLevel(settings?.Flag("add_prefix_space") ?? false),
            ["post_processor"] = isRoberta ? Processing("RobertaProcessing", vocabularyPath, vocabulary, cls, sep) : ByteLevel(false),
            ["decoder"] = ByteLevel(true),
            ["model"] = new JsonObject
            {
                ["type"] = TokenizerJsonModel.Bpe,
                ["vocab"] = vocabulary,
                ["merges"] = merges,
            },
        };
    }

    /// <summary>A stage of bytes.</summary>
    /// <param name="addBlank">Whether a blank is put in front.</param>
    internal static JsonObject ByteLevel(bool addBlank) =>
        new() { ["type"] = "ByteLevel", ["add_prefix_space"] = addBlank, ["trim_offsets"] = true, ["use_regex"] = true };

    /// <summary>The stage that puts two tokens around a text.</summary>
    /// <param name="type">The stage's type.</param>
    /// <param name="path">The file with the vocabulary, for messages.</param>
    /// <param name="vocabulary">The vocabulary.</param>
    /// <param name="cls">The token in front.</param>
    /// <param name="sep">The token behind.</param>
    internal static JsonObject Processing(string type, string path, JsonObject vocabulary, string cls, string sep)
    {
        JsonArray Named(string token) => vocabulary.TryGetPropertyValue(token, out var id)
            ? new JsonArray(token, id!.DeepClone())
            : throw new FileFormatException($"{path}: the token '{token}' is missing, which stands around every text; name it in tokenizer_config.json (cls_token, sep_token).");
        return new JsonObject { ["type"] = type, ["sep"] = Named(sep), ["cls"] = Named(cls) };
    }

    /// <summary>Special tokens that the vocabulary has, and the ones of added_tokens.json.</summary>
    private static JsonArray AddedTokens(string folder, string path, JsonObject vocabulary, IReadOnlyList<string> special, string? mask)
    {
        var tokens = special.Where(vocabulary.ContainsKey).Distinct(StringComparer.Ordinal).ToDictionary(
            token => token, token => vocabulary[token]!.GetValue<int>(), StringComparer.Ordinal);
        var more = Path.Combine(folder, "added_tokens.json");
        foreach (var (token, id) in ModelFiles.Exists(more) ? TokenizerJsonComponent.ReadFile(more).Entries() : [])
        {
            tokens[token] = id.AsNumber();
        }

        return tokens.Count == 0
            ? throw new FileFormatException($"{path}: none of the special tokens {string.Join(", ", special)} is in the vocabulary; name them in tokenizer_config.json.")
            : new JsonArray([.. tokens.OrderBy(token => token.Value).Select(token => new JsonObject
            {
                ["id"] = token.Value,
                ["content"] = token.Key,
                ["single_word"] = false,
                ["lstrip"] = token.Key == mask,
                ["rstrip"] = false,
                ["normalized"] = false,
                ["special"] = special.Contains(token.Key),
            })]);
    }

    private static TokenizerJsonComponent? Settings(string folder) => Open(folder, "tokenizer_config.json");

    /// <summary>A file of a folder, or null where there is none.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The file's name.</param>
    internal static TokenizerJsonComponent? Open(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return ModelFiles.Exists(path) ? TokenizerJsonComponent.ReadFile(path) : null;
    }

    private static string Token(TokenizerJsonComponent? settings, string key, string usual) =>
        settings?.ChildOrNull(key) is { } value ? value.IsText ? value.AsText() : value.Text("content") : usual;

    private static string[] Lines(string path) =>
        InputFile.ReadText(path, LargestFile).Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd('\n').Split('\n');
}
