namespace ResLora.Training.Tokenization;

/// <summary>The ids of one text, without what stands around it, and where its words end.</summary>
internal sealed class EncodedText
{
    private readonly List<int> _wordEnds = [];

    /// <summary>The ids.</summary>
    public List<int> Ids { get; } = [];

    /// <summary>Adds an added token.</summary>
    /// <param name="id">Its id.</param>
    public void Add(int id) => Ids.Add(id);

    /// <summary>Notes that a word ends behind the ids so far.</summary>
    public void EndWord() => _wordEnds.Add(Ids.Count);

    /// <summary>
    /// How many tokens Hugging Face's library makes of the text under a length limit: it stops behind the first word that reaches the limit,
    /// whereas added tokens do not stop it.
    /// </summary>
    /// <param name="limit">The limit.</param>
    /// <returns>The number of tokens.</returns>
    public int UpTo(int limit) => Ids.Count < limit ? Ids.Count : _wordEnds.Find(end => end >= limit) is var end and > 0 ? end : Ids.Count;
}
