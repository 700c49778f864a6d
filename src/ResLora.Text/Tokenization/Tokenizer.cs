using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.HuggingFace;
using ResLora.Text.Tokenization.Decoding;
using ResLora.Text.Tokenization.Pipeline;
using ResLora.Text.Tokenization.Unicode;

namespace ResLora.Text.Tokenization;

/// <summary>
/// Text to ids and back, as Hugging Face's tokenizers do it, from a tokenizer.json or the older vocabulary files: byte-level BPE,
/// SentencePiece-style BPE with byte fallback, and BERT's WordPiece. Safe for use by several threads at once.
/// </summary>
/// <remarks>
/// Lone surrogates, which UTF-8 cannot hold, are encoded as U+FFFD. A stage that a file asks for and that is not
/// supported is an error when the file is loaded, never left out.
/// </remarks>
public sealed class Tokenizer
{
    private static readonly string[] _sentencePieceFiles = ["tokenizer.model", "spiece.model", "sentencepiece.bpe.model"];
    private readonly TokenizerJson _json;
    private readonly AddedTokenSplitter _rawTokens;
    private readonly AddedTokenSplitter _normalizedTokens;
    private readonly AddedTokenSplitter _ordinaryTokens;
    private readonly Func<TextPiece, TextPiece> _normalize;
    private readonly Func<TextPiece, IEnumerable<TextPiece>> _cut;
    private readonly IWordModel _model;
    private readonly PostProcessor _around;
    private readonly Func<IReadOnlyList<IDecoderStage>> _decoder;
    private readonly Dictionary<int, string> _normalized;
    private readonly HashSet<int> _specialIds;
    private readonly ModelRows _rows;
    private readonly TruncationSide _side;

    private Tokenizer(TokenizerJson json, TokenizerSettings settings, ModelRows rows, TruncationSide side, bool isOlder)
    {
        _rows = rows;
        _json = json;
        _side = side;
        _normalize = Normalizers.Create(json.Normalizer);
        _cut = PreTokenizers.Create(json.PreTokenizer);
        _model = json.Model.Type switch
        {
            TokenizerJsonModel.WordPiece => new WordPieceModel(json.Model, json.File),
            TokenizerJsonModel.Unigram => new UnigramModel(json.Model, json.File),
            TokenizerJsonModel.WordLevel => new WordLevelModel(json.Model, json.File),
            _ when json.Model.Scores.Count > 0 => new ScoredBpeModel(json.Model, json.File),
            _ => new BpeModel(json.Model, json.File),
        };
        _around = PostProcessor.Create(json.PostProcessor, json.VocabularySize);
        if (isOlder)
        {
            _around = _around.With(
                WithFlag(_around.Before, settings.AddBegin, settings.BeginId),
                WithFlag(_around.After, settings.AddEnd, settings.NamedEndId));
        }

        _decoder = DecoderStages.Create(json.Decoder);
        _rawTokens = new AddedTokenSplitter(json.AddedTokens.Where(token => !token.Normalized).Select(token => (token.Content, token)));
        _ordinaryTokens = new AddedTokenSplitter(
            json.AddedTokens.Where(token => token is { Normalized: false, Special: false }).Select(token => (token.Content, token)));
        _normalized = json.AddedTokens.Where(token => token.Normalized)
            .ToDictionary(token => token.Id, token => _normalize(new TextPiece(token.Content, AtStart: true)).Text);
        _normalizedTokens = new AddedTokenSplitter(
            json.AddedTokens.Where(token => token.Normalized).Select(token => (_normalized[token.Id], token)));
        _specialIds = [.. json.AddedTokens.Where(token => token.Special).Select(token => token.Id)];
        (BeginId, PadId, MaskId, ChatTemplate) =
            (settings.BeginId, rows.Known(settings.PadId), rows.Known(settings.MaskId), settings.ChatTemplate);
        Ends = settings.Ends;
        EndId = settings.NamedEndId is { } named && Ends.Ids.Contains(named) ? named : Ends.Ids is [var first, ..] ? first : null;
        rows.Require([.. _around.Before, .. _around.After, .. EndId is { } end ? [end] : Array.Empty<int>()], text: null);
        if (!isOlder)
        {
            WarnOfFlag("add_bos_token", settings.AddBegin, _around.Before, settings.BeginId);
            WarnOfFlag("add_eos_token", settings.AddEnd, _around.After, settings.NamedEndId);
        }
    }

    /// <summary>
    /// The highest id plus one, added tokens included; a model may have more rows than that, or none for some added tokens.
    /// </summary>
    public int VocabularySize => _json.VocabularySize;

    /// <summary>
    /// The token that the files call the begin of a text, such as <c>&lt;s&gt;</c>, or null. What is put in front of one is
    /// <see cref="Before"/>.
    /// </summary>
    public int? BeginId { get; }

    /// <summary>
    /// What stands in front of a text that a model reads: the begin token, where the tokenizer adds one. That a file names a begin token
    /// does not mean that it is added. Training, evaluation, generation and exports all take this.
    /// </summary>
    public IReadOnlyList<int> Before => _around.Before;

    /// <summary>What the tokenizer puts behind a text that ends; a prompt, which is to go on, does not get it.</summary>
    public IReadOnlyList<int> After => _around.After;

    /// <summary>The tokens at which generation ends.</summary>
    public EndTokens Ends { get; }

    /// <summary>
    /// The token that is put behind an answer in training, one at which generation ends: the one that the tokenizer's files name if it is
    /// among <see cref="Ends"/>, else the first of those; null when there are none.
    /// </summary>
    public int? EndId { get; }

    /// <summary>The token that fills up short rows of a batch; null when the files name none.</summary>
    public int? PadId { get; }

    /// <summary>The token that stands for a hidden one, such as <c>&lt;mask&gt;</c>; null when the files name none.</summary>
    public int? MaskId { get; }

    /// <summary>The chat template in Jinja, or null.</summary>
    public string? ChatTemplate { get; }

    /// <summary>
    /// Loads tokenizer.json (in a folder without one: vocab.json with merges.txt, or vocab.txt) and, beside it when present,
    /// tokenizer_config.json, special_tokens_map.json, generation_config.json, config.json and chat_template.jinja.
    /// </summary>
    /// <param name="folderOrTokenizerJson">A model's folder, a GGUF file of a model, or the file itself.</param>
    /// <returns>The tokenizer.</returns>
    /// <exception cref="FileFormatException">A file is missing, breaks its format or asks for something that is not supported.</exception>
    public static Tokenizer Load(string folderOrTokenizerJson)
    {
        var isFolder = ModelFiles.IsPlace(folderOrTokenizerJson);
        var file = isFolder ? Path.Combine(folderOrTokenizerJson, "tokenizer.json") : folderOrTokenizerJson;
        var folder = isFolder ? folderOrTokenizerJson : Path.GetDirectoryName(Path.GetFullPath(folderOrTokenizerJson))!;
        var older = isFolder && !ModelFiles.Exists(file) ? VocabularyFiles.Read(folder) : null;
        var json = (older ?? Required(file, isFolder)).WithConfiguredTokens(folder);
        return new Tokenizer(
            json,
            TokenizerSettings.Read(folder, json),
            ModelRows.Read(folder, json),
            Truncating.Side(folder, json),
            isOlder: older is not null);
    }

    private static TokenizerJson Required(string file, bool isInFolder)
    {
        if (isInFolder && !ModelFiles.Exists(file))
        {
            var folder = Path.GetDirectoryName(file);
            var sentencePiece = _sentencePieceFiles.FirstOrDefault(name => File.Exists(Path.Combine(folder!, name)));
            throw new FileFormatException(
                $"{folder}: there is no tokenizer. Copy tokenizer.json into it, or vocab.json with merges.txt, or vocab.txt; they come "
                + "with the model." + (sentencePiece is null
                    ? ""
                    : $" {sentencePiece} is not read here: loaded with AutoTokenizer and saved again, it becomes a tokenizer.json."));
        }

        return TokenizerJson.Read(file);
    }

    /// <summary>Encodes a text.</summary>
    /// <param name="text">The text; added tokens that stand in it are found.</param>
    /// <param name="addSpecialTokens">Whether the tokenizer's own special tokens are put around it.</param>
    /// <param name="findSpecialTokens">Whether special tokens that stand in the text are found; other added tokens always are.</param>
    /// <returns>The ids.</returns>
    /// <exception cref="FileFormatException">A pattern of the tokenizer takes too long on this text, or the model beside it has no row for
    /// one of its tokens.</exception>
    public IReadOnlyList<int> Encode(string text, bool addSpecialTokens = true, bool findSpecialTokens = true)
    {
        var ids = Ids(text, findSpecialTokens).Ids;
        return addSpecialTokens ? [.. _around.Before, .. ids, .. _around.After] : ids;
    }

    /// <summary>Encodes a text that is to go on: with what stands in front of it (<see cref="Before"/>) and nothing behind.</summary>
    /// <param name="text">The text; added tokens that stand in it are found.</param>
    /// <returns>The ids.</returns>
    /// <exception cref="FileFormatException">A pattern of the tokenizer takes too long on this text.</exception>
    public IReadOnlyList<int> EncodePrompt(string text) => [.. Before, .. Ids(text).Ids];

    /// <summary>
    /// Encodes a conversation that a chat template has written: its special tokens stand in the text, and what the tokenizer puts in front
    /// is put there unless the text begins with it.
    /// </summary>
    /// <param name="text">The text; added tokens that stand in it are found.</param>
    /// <returns>The ids.</returns>
    /// <exception cref="FileFormatException">A pattern of the tokenizer takes too long on this text.</exception>
    public IReadOnlyList<int> EncodeChat(string text)
    {
        var ids = Ids(text).Ids;
        return Before.Count == 0 || ids.Take(Before.Count).SequenceEqual(Before) ? ids : [.. Before, .. ids];
    }

    /// <summary>Encodes a text, or a pair of texts, as an encoder gets it: with special tokens and types, cut to a length.</summary>
    /// <param name="text">The text, or the first of two.</param>
    /// <param name="second">The second text; null for one text.</param>
    /// <param name="maxLength">The most tokens, special ones included; null for no limit.</param>
    /// <param name="truncation">Which text is cut when there are more: at its end, or at its beginning if the files say so
    /// (<c>truncation_side</c>).</param>
    /// <returns>The ids and their types.</returns>
    /// <exception cref="FileFormatException">A pattern of the tokenizer takes too long on this text, or the tokenizer does not say how a
    /// pair looks.</exception>
    /// <exception cref="ConfigException">The limit leaves no room for the special tokens, or the text to be cut is too short for
    /// it.</exception>
    public TextEncoding EncodeTexts(
        string text, string? second = null, int? maxLength = null, Truncation truncation = Truncation.LongestFirst)
    {
        var template = second is null
            ? _around.Single
            : _around.Pair ?? throw new FileFormatException(
                $"{_json.File}: the post-processor does not say how a pair of texts is put together.");
        var (encoded, encodedSecond) = (Ids(text), second is null ? null : Ids(second));
        var (first, other) = (encoded.Ids, encodedSecond?.Ids ?? []);
        var cut = 0;
        if (maxLength is { } most)
        {
            var room = most - (second is null ? _around.SingleAdds : _around.PairAdds);
            var (length, otherLength) = truncation == Truncation.LongestFirst
                ? (encoded.UpTo(most, _side), encodedSecond?.UpTo(most, _side))
                : (first.Count, encodedSecond?.Ids.Count);
            var (kept, keptOther) = Truncating.Lengths(length, otherLength, room, truncation);
            cut = first.Count + other.Count - kept - keptOther;
            encoded.Cut(kept, _side);
            encodedSecond?.Cut(keptOther, _side);
        }

        var (ids, types) = (new List<int>(), new List<int>());
        foreach (var part in template)
        {
            List<int> tokens = part.Id is { } special ? [special] : part.Second ? other : first;
            ids.AddRange(tokens);
            types.AddRange(Enumerable.Repeat(part.Type, tokens.Count));
        }

        return new TextEncoding([.. ids], [.. types]) { Cut = cut };
    }

    /// <summary>Whether a token is a special one, such as <c>&lt;s&gt;</c>.</summary>
    /// <param name="id">The id.</param>
    /// <returns>True when decoding may leave it out.</returns>
    public bool IsSpecial(int id) => _specialIds.Contains(id);

    /// <summary>Decodes ids.</summary>
    /// <param name="ids">The ids; those that the vocabulary lacks are left out.</param>
    /// <param name="skipSpecialTokens">Whether special tokens are left out.</param>
    /// <returns>The text; bytes that are no UTF-8 become U+FFFD.</returns>
    public string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true)
    {
        var decoder = CreateStreamingDecoder(skipSpecialTokens);
        return decoder.Add(ids) + decoder.Flush();
    }

    /// <summary>Makes a decoder that takes the ids of one sequence as they come.</summary>
    /// <param name="skipSpecialTokens">Whether special tokens are left out.</param>
    /// <returns>The decoder.</returns>
    public StreamingDecoder CreateStreamingDecoder(bool skipSpecialTokens = true) =>
        new(id => skipSpecialTokens && IsLeftOut(id) ? null : _normalized.GetValueOrDefault(id) ?? TokenOf(id), _decoder());

    /// <summary>The id of a token.</summary>
    /// <param name="token">The token as the file writes it: <c>Ġthe</c>, <c>▁the</c>, <c>&lt;s&gt;</c>.</param>
    /// <returns>The id, or null when there is no such token.</returns>
    public int? IdOf(string token) => _json.IdOf(token);

    /// <summary>The token of an id.</summary>
    /// <param name="id">The id.</param>
    /// <returns>The token as the file writes it, or null when the id is unused.</returns>
    public string? TokenOf(int id) => _json.TokenOf(id);

    // A special token that the normalizer changes is decoded to something else than its name, by which the library knows what to leave out.
    private bool IsLeftOut(int id) => _specialIds.Contains(id) && (!_normalized.TryGetValue(id, out var text) || text == TokenOf(id));

    private EncodedText Ids(string text, bool findSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        text = WellFormedText.From(text);
        var encoded = new EncodedText();
        foreach (var (id, start, length) in (findSpecialTokens ? _rawTokens : _ordinaryTokens).Split(text))
        {
            if (id is { } added)
            {
                encoded.Add(added);
            }
            else
            {
                EncodePlain(_normalize(new TextPiece(text.Substring(start, length), start == 0)), encoded, findSpecialTokens);
            }
        }

        _rows.Require(encoded.Ids, text);
        return encoded;
    }

    private void EncodePlain(TextPiece text, EncodedText encoded, bool findSpecialTokens)
    {
        foreach (var (id, start, length) in _normalizedTokens.Split(text.Text))
        {
            if (id is { } added && (findSpecialTokens || !IsSpecial(added)))
            {
                encoded.Add(added);
                continue;
            }

            foreach (var word in _cut(new TextPiece(text.Text.Substring(start, length), text.AtStart && start == 0)))
            {
                var before = encoded.Ids.Count;
                _model.Encode(word.Text, encoded.Ids);
                encoded.EndWord(before);
            }
        }
    }

    private static IReadOnlyList<int> WithFlag(IReadOnlyList<int> ids, bool? wanted, int? id) =>
        wanted == true && id is { } token && ids.Count == 0 ? [token] : ids;

    /// <summary>
    /// tokenizer.json decides, as in transformers 5; version 4 of that library obeyed the flags for Llama's class and a few more.
    /// </summary>
    private void WarnOfFlag(string flag, bool? wanted, IReadOnlyList<int> added, int? id)
    {
        if (wanted is { } value && id is { } token && added.Contains(token) != value)
        {
            var (said, does) = value ? ("true", "does not add") : ("false", "adds");
            Warnings.Add(
                $"tokenizer_config.json says {flag} {said}, but {_json.File} {does} the token '{TokenOf(token)}'; tokenizer.json decides.");
        }
    }
}
