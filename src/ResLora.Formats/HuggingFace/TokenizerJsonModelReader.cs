using ResLora.Formats.Errors;

namespace ResLora.Formats.HuggingFace;

/// <summary>Reads the <c>model</c> part of a tokenizer.json and checks it.</summary>
internal static class TokenizerJsonModelReader
{
    // Bound the time and the memory of the search for pieces on hostile files; published pieces have at most some tens of characters.
    private const int LongestPiece = 1024;
    private const int MostPieceCharacters = 1 << 24;

    /// <summary>Reads a model.</summary>
    /// <param name="json">The value of <c>model</c>.</param>
    /// <returns>The model.</returns>
    /// <exception cref="FileFormatException">It breaks the format or asks for something that is not supported.</exception>
    public static TokenizerJsonModel Read(TokenizerJsonComponent json)
    {
        var model = TypeOf(json) switch
        {
            TokenizerJsonModel.WordPiece => ReadWordPiece(json),
            TokenizerJsonModel.Unigram => ReadUnigram(json),
            TokenizerJsonModel.WordLevel => ReadWordLevel(json),
            _ => ReadBpe(json),
        };
        if (model.Type is TokenizerJsonModel.WordPiece or TokenizerJsonModel.Unigram
            && model.Vocabulary.Keys.Sum(token => (long)token.Length) is var length and > MostPieceCharacters)
        {
            throw json.Error($"the pieces of the vocabulary have {length} characters, at most {MostPieceCharacters} are allowed");
        }

        return model;
    }

    /// <summary>An id that is not out of all bounds.</summary>
    /// <param name="json">The value.</param>
    /// <returns>The id.</returns>
    public static int RequireId(TokenizerJsonComponent json)
    {
        var id = json.AsNumber();
        return id is >= 0 and < TokenizerJsonModel.IdBound
            ? id
            : throw json.Error($"id {id} is outside 0 to {TokenizerJsonModel.IdBound - 1}");
    }

    // The oldest files name no type; only a BPE model has merges, only a WordPiece model a longest word, and only a Unigram model a list.
    private static string TypeOf(TokenizerJsonComponent json)
    {
        var type = json.Has("type") ? json.Type
            : json.Has("merges") ? TokenizerJsonModel.Bpe
            : json.Has("max_input_chars_per_word") ? TokenizerJsonModel.WordPiece
            : json.ChildOrNull("vocab") is { IsList: true } ? TokenizerJsonModel.Unigram
            : null;
        string[] known = [TokenizerJsonModel.Bpe, TokenizerJsonModel.WordPiece, TokenizerJsonModel.Unigram, TokenizerJsonModel.WordLevel];
        return known.Contains(type)
            ? type!
            : throw json.Error($"model type {type ?? "(none)"} is not supported (supported: {string.Join(", ", known)})");
    }

    private static TokenizerJsonModel ReadBpe(TokenizerJsonComponent json)
    {
        if (json.ChildOrNull("dropout")?.AsReal() is { } dropout && dropout != 0)
        {
            throw json.Error("model option dropout is not supported: it makes the ids random; set it to null");
        }

        var model = new TokenizerJsonModel
        {
            Type = TokenizerJsonModel.Bpe,
            Vocabulary = ReadVocabulary(json.Child("vocab")),
            ContinuingPrefix = json.TextOrNull("continuing_subword_prefix") ?? "",
            EndOfWordSuffix = json.TextOrNull("end_of_word_suffix") ?? "",
            UnknownToken = json.TextOrNull("unk_token"),
            FuseUnknown = json.Flag("fuse_unk"),
            ByteFallback = json.Flag("byte_fallback"),
            IgnoreMerges = json.Flag("ignore_merges"),
            Scores = json.Has("scores") ? ReadScores(json.Child("scores"), json.Child("vocab")) : [],
        };
        return model with { Merges = ReadMerges(json, model) };
    }

    // Our own key: what SentencePiece merges by, of which a list of pairs says less.
    private static double[] ReadScores(TokenizerJsonComponent json, TokenizerJsonComponent vocabulary)
    {
        double[] scores = [.. json.Items().Select(score => score.AsReal())];
        var wanted = vocabulary.Entries().Select(entry => entry.Value.AsNumber()).DefaultIfEmpty(-1).Max() + 1;
        return scores.Length == wanted ? scores
            : throw json.Error($"there are {scores.Length} scores, and the ids of the vocabulary need {wanted}");
    }

    private static TokenizerJsonModel ReadWordPiece(TokenizerJsonComponent json)
    {
        const int usualLongestWord = 100;
        return new TokenizerJsonModel
        {
            Type = TokenizerJsonModel.WordPiece,
            Vocabulary = ReadVocabulary(json.Child("vocab"), LongestPiece),
            UnknownToken = json.TextOrNull("unk_token") ?? "[UNK]",
            ContinuingPrefix = json.TextOrNull("continuing_subword_prefix") ?? "##",
            LongestWord = json.ChildOrNull("max_input_chars_per_word")?.AsNumber() ?? usualLongestWord,
        };
    }

    private static TokenizerJsonModel ReadWordLevel(TokenizerJsonComponent json) => new()
    {
        Type = TokenizerJsonModel.WordLevel,
        Vocabulary = ReadVocabulary(json.Child("vocab")),
        UnknownToken = json.TextOrNull("unk_token") ?? "<unk>",
    };

    // A list of ["▁the", -3.2]; a token's place is its id.
    private static TokenizerJsonModel ReadUnigram(TokenizerJsonComponent json)
    {
        var entries = json.Items("vocab");
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var scores = new List<double>(entries.Count);
        foreach (var entry in entries)
        {
            if (entry.Items() is not [var token, var score])
            {
                throw entry.Error("an entry of the vocabulary must be a token and its score");
            }

            RequireLength(token, token.AsText(), LongestPiece);
            if (!vocabulary.TryAdd(token.AsText(), scores.Count))
            {
                throw entry.Error($"token '{token.AsText()}' stands twice");
            }

            scores.Add(score.AsReal());
        }

        var unknown = json.ChildOrNull("unk_id");
        if (unknown is not null && (unknown.AsNumber() < 0 || unknown.AsNumber() >= scores.Count))
        {
            throw unknown.Error($"id {unknown.AsNumber()} is not in the vocabulary of {scores.Count} entries");
        }

        return new TokenizerJsonModel
        {
            Type = TokenizerJsonModel.Unigram,
            Vocabulary = vocabulary,
            Scores = scores,
            UnknownToken = unknown is null ? null : entries[unknown.AsNumber()].Items()[0].AsText(),
            ByteFallback = json.Flag("byte_fallback"),
        };
    }

    private static Dictionary<string, int> ReadVocabulary(TokenizerJsonComponent json, int longest = int.MaxValue)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var tokens = new Dictionary<int, string>();
        foreach (var (token, value) in json.Entries())
        {
            var id = RequireId(value);
            RequireLength(value, token, longest);
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

    private static void RequireLength(TokenizerJsonComponent json, string token, int longest)
    {
        if (token.Length > longest)
        {
            throw json.Error($"a token has {token.Length} characters, at most {longest} are allowed in such a model");
        }
    }

    private static List<(string Left, string Right)> ReadMerges(TokenizerJsonComponent json, TokenizerJsonModel model)
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

            if (!right.StartsWith(model.ContinuingPrefix, StringComparison.Ordinal))
            {
                throw entry.Error($"the right side of the merge of '{left}' and '{right}' does not begin with "
                    + $"continuing_subword_prefix '{model.ContinuingPrefix}'");
            }

            foreach (var token in new[] { left, right, model.Union(left, right) })
            {
                if (!model.Vocabulary.ContainsKey(token))
                {
                    throw entry.Error($"the merge of '{left}' and '{right}' needs the token '{token}', which is not in the vocabulary");
                }
            }

            merges.Add((left, right));
        }

        return merges;
    }
}
