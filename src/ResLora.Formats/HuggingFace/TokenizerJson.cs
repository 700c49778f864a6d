using ResLora.Formats.Errors;

namespace ResLora.Formats.HuggingFace;

/// <summary>
/// The checked content of a Hugging Face <c>tokenizer.json</c>: the model, the added tokens and the four stages
/// around the model. <c>padding</c> and the length of <c>truncation</c> are not read, as the transformers library does: lengths are the
/// caller's business.
/// </summary>
public sealed class TokenizerJson
{
    private const int MostAddedCharacters = 1 << 23; // bounds the memory of the search on hostile files; published ones have below 100,000

    private readonly Dictionary<int, string> _tokens = [];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);

    private readonly TokenizerJsonComponent _json;

    private TokenizerJson(
        TokenizerJsonComponent json, IReadOnlyList<TokenizerJsonAddedToken>? addedTokens = null, TokenizerJsonModel? model = null)
    {
        _json = json;
        File = json.File;
        Model = model ?? TokenizerJsonModelReader.Read(json.Child("model"));
        AddedTokens = addedTokens
            ?? (json.Has("added_tokens") ? [.. json.Items("added_tokens").Select(item => TokenizerJsonAddedToken.Read(item))] : []);
        Truncation = json.ChildOrNull("truncation");
        Normalizer = json.ChildOrNull("normalizer");
        PreTokenizer = json.ChildOrNull("pre_tokenizer");
        PostProcessor = json.ChildOrNull("post_processor");
        Decoder = json.ChildOrNull("decoder");
        Index(json);
        VocabularySize = _tokens.Count == 0 ? throw json.Error("the vocabulary is empty") : _tokens.Keys.Max() + 1;
    }

    /// <summary>The file, for messages.</summary>
    public string File { get; }

    /// <summary>The model: vocabulary, and merges or the rules for pieces of words.</summary>
    public TokenizerJsonModel Model { get; }

    /// <summary>The added tokens in the order of the file.</summary>
    public IReadOnlyList<TokenizerJsonAddedToken> AddedTokens { get; }

    /// <summary>How texts are cut that are too long, or null; only the side counts.</summary>
    public TokenizerJsonComponent? Truncation { get; }

    /// <summary>The stage that rewrites the text, or null.</summary>
    public TokenizerJsonComponent? Normalizer { get; }

    /// <summary>The stage that cuts the text into words, or null.</summary>
    public TokenizerJsonComponent? PreTokenizer { get; }

    /// <summary>The stage that puts special tokens around the ids, or null.</summary>
    public TokenizerJsonComponent? PostProcessor { get; }

    /// <summary>The stage that turns tokens into text, or null.</summary>
    public TokenizerJsonComponent? Decoder { get; }

    /// <summary>The highest id plus one, added tokens included; ids in between may be unused.</summary>
    public int VocabularySize { get; }

    /// <summary>Reads a tokenizer.json.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Its content.</returns>
    /// <exception cref="FileFormatException">The file is missing, breaks the format or holds an unsupported kind of model.</exception>
    public static TokenizerJson Read(string path) => new(TokenizerJsonComponent.ReadFile(path));

    /// <summary>Reads the text of a tokenizer.json.</summary>
    /// <param name="json">The text.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <returns>Its content.</returns>
    /// <exception cref="FileFormatException">The text breaks the format or holds an unsupported kind of model.</exception>
    public static TokenizerJson Parse(string json, string file) => new(TokenizerJsonComponent.Parse(json, file));

    /// <summary>The same with the tokens that the files beside it name, as the transformers library adds them.</summary>
    /// <param name="folder">The folder of tokenizer_config.json, special_tokens_map.json and added_tokens.json; none of them has to
    /// exist.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="FileFormatException">A file breaks its format, or a new token would get an id that another has.</exception>
    public TokenizerJson WithConfiguredTokens(string folder)
    {
        var merged = ConfiguredTokens.Merge(folder, AddedTokens, IdOf, NextId(AddedTokens));
        return merged.SequenceEqual(AddedTokens) ? this : new TokenizerJson(_json, merged, Model);
    }

    /// <summary>The id of a token, added or of the model.</summary>
    /// <param name="token">The token as the file writes it.</param>
    /// <returns>The id, or null when there is no such token.</returns>
    public int? IdOf(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>The token of an id, added or of the model.</summary>
    /// <param name="id">The id.</param>
    /// <returns>The token as the file writes it, or null when the id is unused.</returns>
    public string? TokenOf(int id) => _tokens.GetValueOrDefault(id);

    // The library counts the model's tokens and does not look for gaps between their ids.
    private int NextId(IReadOnlyList<TokenizerJsonAddedToken> added) =>
        Math.Max(Model.Vocabulary.Count, added.Count == 0 ? 0 : added.Max(token => token.Id) + 1);

    private void Index(TokenizerJsonComponent json)
    {
        foreach (var (token, id) in Model.Vocabulary)
        {
            _ids.Add(token, id);
            _tokens.Add(id, token);
        }

        var added = new HashSet<string>(StringComparer.Ordinal);
        if (AddedTokens.Sum(token => (long)token.Content.Length) is var length and > MostAddedCharacters)
        {
            throw json.Error($"the added tokens have {length} characters, at most {MostAddedCharacters} are allowed");
        }

        foreach (var token in AddedTokens)
        {
            if (!added.Add(token.Content))
            {
                throw json.Error($"added token '{token.Content}' stands twice");
            }

            // An added token may also be a token of the model, but then under the same id.
            if (!_ids.TryAdd(token.Content, token.Id) && _ids[token.Content] != token.Id)
            {
                throw json.Error(
                    $"added token '{token.Content}' has the id {token.Id} but {_ids[token.Content]} in the model's vocabulary");
            }

            if (!_tokens.TryAdd(token.Id, token.Content) && _tokens[token.Id] != token.Content)
            {
                throw json.Error($"tokens '{_tokens[token.Id]}' and '{token.Content}' share the id {token.Id}");
            }
        }
    }
}
