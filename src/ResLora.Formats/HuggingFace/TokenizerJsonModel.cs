using ResLora.Formats.Errors;

namespace ResLora.Formats.HuggingFace;

/// <summary>The <c>model</c> part of a tokenizer.json: byte pair encoding (BPE) or pieces of words (WordPiece).</summary>
public sealed record TokenizerJsonModel
{
    /// <summary>Ids stand below this bound; published vocabularies stay under 300,000.</summary>
    internal const int IdBound = 1 << 22;

    /// <summary>The type of models that merge pairs.</summary>
    public const string Bpe = "BPE";

    /// <summary>The type of models that cut a word into its longest known pieces.</summary>
    public const string WordPiece = "WordPiece";

    /// <summary>The model's type: <see cref="Bpe"/> or <see cref="WordPiece"/>.</summary>
    public required string Type { get; init; }

    /// <summary>Every token of the model and its id; no id stands twice, but ids may be left out.</summary>
    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    /// <summary>BPE: the pairs that are merged, the most urgent first; both sides and their union are in the vocabulary.</summary>
    public IReadOnlyList<(string Left, string Right)> Merges { get; init; } = [];

    /// <summary>WordPiece: what stands before a piece that does not begin a word.</summary>
    public string ContinuingPrefix { get; init; } = "";

    /// <summary>WordPiece: the longest word that is cut, in characters; a longer one is unknown.</summary>
    public int LongestWord { get; init; }

    /// <summary>The token for characters that the vocabulary lacks, or null when such characters are dropped.</summary>
    public string? UnknownToken { get; init; }

    /// <summary>Whether neighbouring unknown characters become one unknown token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Whether a character that the vocabulary lacks is written as byte tokens, <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether a word that is a token as a whole is taken without asking the merges.</summary>
    public bool IgnoreMerges { get; init; }

    internal static TokenizerJsonModel Read(TokenizerJsonComponent json)
    {
        if (TypeOf(json) == WordPiece)
        {
            return ReadWordPiece(json);
        }

        RequirePlainBpe(json);
        var vocabulary = ReadVocabulary(json.Child("vocab"));
        var model = new TokenizerJsonModel
        {
            Type = Bpe,
            Vocabulary = vocabulary,
            Merges = ReadMerges(json, vocabulary),
            UnknownToken = json.TextOrNull("unk_token"),
            FuseUnknown = json.Flag("fuse_unk"),
            ByteFallback = json.Flag("byte_fallback"),
            IgnoreMerges = json.Flag("ignore_merges"),
        };
        return model.UnknownToken is not { } unknown || vocabulary.ContainsKey(unknown)
            ? model
            : throw UnknownIsUnknown(json, unknown);
    }

    private static TokenizerJsonModel ReadWordPiece(TokenizerJsonComponent json)
    {
        const int usualLongestWord = 100;
        var model = new TokenizerJsonModel
        {
            Type = WordPiece,
            Vocabulary = ReadVocabulary(json.Child("vocab")),
            UnknownToken = json.TextOrNull("unk_token") ?? "[UNK]",
            ContinuingPrefix = json.TextOrNull("continuing_subword_prefix") ?? "##",
            LongestWord = json.ChildOrNull("max_input_chars_per_word")?.AsNumber() ?? usualLongestWord,
        };
        return model.Vocabulary.ContainsKey(model.UnknownToken) ? model : throw UnknownIsUnknown(json, model.UnknownToken);
    }

    private static FileFormatException UnknownIsUnknown(TokenizerJsonComponent json, string token) =>
        json.Error($"unk_token '{token}' is not in the vocabulary");

    // The oldest files name no type; only a BPE model has merges, and only a WordPiece model a longest word.
    private static string TypeOf(TokenizerJsonComponent json)
    {
        var type = json.Has("type") ? json.Type : json.Has("merges") ? Bpe : json.Has("max_input_chars_per_word") ? WordPiece : null;
        return type is Bpe or WordPiece ? type : throw json.Error($"model type {type ?? "(none)"} is not supported (supported: {Bpe}, {WordPiece})");
    }

    internal static int RequireId(TokenizerJsonComponent json)
    {
        var id = json.AsNumber();
        return id is >= 0 and < IdBound ? id : throw json.Error($"id {id} is outside 0 to {IdBound - 1}");
    }

    private static void RequirePlainBpe(TokenizerJsonComponent json)
    {
        foreach (var option in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
        {
            if (json.TextOrNull(option) is { Length: > 0 } value)
            {
                throw json.Error($"model option {option} '{value}' is not supported");
            }
        }

        if (json.Has("dropout"))
        {
            throw json.Error("model option dropout is not supported: it makes the ids random; set it to null");
        }
    }

    private static Dictionary<string, int> ReadVocabulary(TokenizerJsonComponent json)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var tokens = new Dictionary<int, string>();
        foreach (var (token, value) in json.Entries())
        {
            var id = RequireId(value);
            if (!vocabulary.TryAdd(token, id))
            {
                throw json.Error($"token '{token}' stands twice");
            }

            if (!tokens.TryAdd(id, token))
            {
                throw json.Error($"tokens '{tokens[id]}' and '{token}' share the id {id}");
            }
        }

        return vocabulary;
    }

    private static List<(string Left, string Right)> ReadMerges(TokenizerJsonComponent json, Dictionary<string, int> vocabulary)
    {
        var merges = new List<(string, string)>();
        foreach (var entry in json.Items("merges"))
        {
            // Older files write "left right", newer ones ["left", "right"], which allows blanks inside.
            string[] sides = entry.IsText ? entry.AsText().Split(' ') : [.. entry.Items().Select(side => side.AsText())];
            if (sides is not [var left, var right])
            {
                throw entry.Error($"a merge has two sides, found {sides.Length}");
            }

            foreach (var token in new[] { left, right, left + right })
            {
                if (!vocabulary.ContainsKey(token))
                {
                    throw entry.Error($"the merge of '{left}' and '{right}' needs the token '{token}', which is not in the vocabulary");
                }
            }

            merges.Add((left, right));
        }

        return merges;
    }
}
