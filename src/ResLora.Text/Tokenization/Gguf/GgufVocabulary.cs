using System.Globalization;
using ResLora.Formats.Errors;
using ResLora.Formats.Gguf;

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>The tokens of a GGUF file, checked: each once, as many types and scores as tokens, ids within them.</summary>
internal sealed class GgufVocabulary
{
    private const string Keys = "tokenizer.ggml.";

    private readonly GgufFile _file;
    private readonly int[]? _types;

    /// <summary>Reads them.</summary>
    /// <param name="file">The open file.</param>
    /// <exception cref="FileFormatException">Keys are missing or do not fit each other.</exception>
    public GgufVocabulary(GgufFile file)
    {
        _file = file;
        Tokens = [.. file.Require<string[]>(Keys + "tokens").Select((token, id) => token.Length > 0 ? token
            : string.Create(CultureInfo.InvariantCulture, $"[EMPTY_{id}]"))];
        foreach (var (id, token) in Tokens.Index())
        {
            if (!Ids.TryAdd(token, id))
            {
                throw new FileFormatException(
                    $"'{file.Path}': the token '{token}' stands twice in {Keys}tokens, as {Ids[token]} and {id}.");
            }
        }

        if (file.TryGet<int[]>(Keys + "token_type", out var types))
        {
            RequireCount("token_type", types.Length);
            _types = types;
        }
    }

    /// <summary>The file, for messages.</summary>
    public string File => _file.Path;

    /// <summary>The tokens by their ids.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>The ids by their tokens.</summary>
    public Dictionary<string, int> Ids { get; } = new(StringComparer.Ordinal);

    /// <summary>What a token is; without types every token is an ordinary one.</summary>
    public GgufTokenType TypeOf(int id) => _types is null ? GgufTokenType.Normal : (GgufTokenType)_types[id];

    /// <summary>The token's scores by id; zeros where the file has none.</summary>
    /// <exception cref="FileFormatException">There are fewer or more than tokens, or one is no number.</exception>
    public IReadOnlyList<float> Scores()
    {
        const string Key = Keys + "scores";
        float[] scores = !_file.Metadata.TryGetValue(Key, out var found) ? new float[Tokens.Count]
            : found is int[] whole ? [.. whole.Select(score => (float)score)]
            : _file.Require<float[]>(Key);
        RequireCount("scores", scores.Length);
        var broken = Array.FindIndex(scores, score => !float.IsFinite(score));
        return broken < 0 ? scores
            : throw new FileFormatException($"'{File}': the score of the token {broken} in {Key} is no finite number.");
    }

    /// <summary>The pairs that are merged, each once.</summary>
    /// <exception cref="FileFormatException">One is no pair, or its parts or their union are no tokens.</exception>
    public IReadOnlyList<(string Left, string Right)> Merges()
    {
        const string Key = Keys + "merges";
        var merges = new OrderedDictionary<(string, string), int>();
        foreach (var merge in _file.Require<string[]>(Key))
        {
            // A token may begin with a blank.
            var blank = merge.Length > 1 ? merge.IndexOf(' ', 1) : -1;
            var (left, right) = blank > 0 ? (merge[..blank], merge[(blank + 1)..]) : (merge, "");
            if (right.Length == 0 || !Ids.ContainsKey(left) || !Ids.ContainsKey(right) || !Ids.ContainsKey(left + right))
            {
                throw new FileFormatException(
                    $"'{File}': {Key} has '{merge}', which is no pair of tokens whose union is a token, too.");
            }

            merges.TryAdd((left, right), 0);
        }

        return [.. merges.Keys];
    }

    /// <summary>A token that a key names.</summary>
    /// <param name="name">The key without what stands around it, such as <c>bos</c>.</param>
    /// <param name="fallback">The id where the file has no such key; null for none.</param>
    /// <returns>The id; null when there is no such token.</returns>
    /// <exception cref="FileFormatException">There are fewer tokens.</exception>
    public int? Named(string name, int? fallback = null)
    {
        var key = $"{Keys}{name}_token_id";
        if (!_file.TryGet<uint>(key, out var id))
        {
            return fallback < Tokens.Count ? fallback : null;
        }

        return id < Tokens.Count ? (int)id
            : throw new FileFormatException($"'{File}': {key} is {id}, and there are {Tokens.Count} tokens.");
    }

    /// <summary>Whether a token stands around texts.</summary>
    /// <param name="name">The key without what stands around it, such as <c>bos</c>.</param>
    /// <param name="fallback">What a file without this key means.</param>
    public bool Adds(string name, bool fallback) => _file.TryGet<bool>($"{Keys}add_{name}_token", out var adds) ? adds : fallback;

    /// <summary>A flag of the tokenizer.</summary>
    public bool Flag(string name, bool fallback) => _file.TryGet<bool>(Keys + name, out var flag) ? flag : fallback;

    private void RequireCount(string key, int count)
    {
        if (count != Tokens.Count)
        {
            throw new FileFormatException(
                $"'{File}' has {Tokens.Count} tokens (tokenizer.ggml.tokens) and {count} entries in {Keys}{key}.");
        }
    }
}
