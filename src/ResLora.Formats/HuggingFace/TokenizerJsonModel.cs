namespace ResLora.Formats.HuggingFace;

/// <summary>
/// The <c>model</c> part of a tokenizer.json: pairs that are merged (BPE), pieces of words (WordPiece), scored pieces (Unigram) or words
/// (WordLevel).
/// </summary>
public sealed record TokenizerJsonModel
{
    /// <summary>Ids stand below this bound; published vocabularies stay under 300,000.</summary>
    internal const int IdBound = 1 << 22;

    /// <summary>The type of models that merge pairs.</summary>
    public const string Bpe = "BPE";

    /// <summary>The type of models that cut a word into its longest known pieces.</summary>
    public const string WordPiece = "WordPiece";

    /// <summary>The type of models that cut a text into the pieces whose scores have the highest sum.</summary>
    public const string Unigram = "Unigram";

    /// <summary>The type of models that know whole words only.</summary>
    public const string WordLevel = "WordLevel";

    /// <summary>The model's type: <see cref="Bpe"/>, <see cref="WordPiece"/>, <see cref="Unigram"/> or <see cref="WordLevel"/>.</summary>
    public required string Type { get; init; }

    /// <summary>Every token of the model and its id; no id stands twice, but ids may be left out.</summary>
    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    /// <summary>
    /// BPE: the pairs that are merged, the most urgent first; both sides and their union are in the vocabulary. The right side's
    /// <see cref="ContinuingPrefix"/> is no part of the union.
    /// </summary>
    public IReadOnlyList<(string Left, string Right)> Merges { get; init; } = [];

    /// <summary>
    /// Unigram: the score of each token, by its id. BPE: the same where pairs are merged by the score of their union and not by a list;
    /// else empty.
    /// </summary>
    public IReadOnlyList<double> Scores { get; init; } = [];

    /// <summary>BPE and WordPiece: what stands before a piece that does not begin a word.</summary>
    public string ContinuingPrefix { get; init; } = "";

    /// <summary>BPE: what stands behind the last character of a word.</summary>
    public string EndOfWordSuffix { get; init; } = "";

    /// <summary>WordPiece: the longest word that is cut, in characters; a longer one is unknown.</summary>
    public int LongestWord { get; init; }

    /// <summary>
    /// The token for characters that the vocabulary lacks, or null when such characters are dropped. It may be missing in the vocabulary as
    /// long as no text needs it.
    /// </summary>
    public string? UnknownToken { get; init; }

    /// <summary>Whether neighbouring unknown characters become one unknown token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>
    /// Whether a character that the vocabulary lacks is written as byte tokens, <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c>.
    /// </summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether a word that is a token as a whole is taken without asking the merges.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>The union of a pair that is merged.</summary>
    /// <param name="left">The left side.</param>
    /// <param name="right">The right side, which begins with <see cref="ContinuingPrefix"/>.</param>
    /// <returns>The token.</returns>
    public string Union(string left, string right)
    {
        ArgumentNullException.ThrowIfNull(right);
        return left + right[ContinuingPrefix.Length..];
    }
}
