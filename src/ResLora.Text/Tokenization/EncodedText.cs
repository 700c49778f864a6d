namespace ResLora.Text.Tokenization;

/// <summary>The ids of one text, without what stands around it, and where its words begin and end.</summary>
internal sealed class EncodedText
{
    private readonly List<(int Start, int End)> _words = [];

    /// <summary>The ids.</summary>
    public List<int> Ids { get; } = [];

    /// <summary>Adds an added token.</summary>
    /// <param name="id">Its id.</param>
    public void Add(int id) => Ids.Add(id);

    /// <summary>Notes that a word ends behind the ids so far.</summary>
    /// <param name="start">The number of ids before it.</param>
    public void EndWord(int start) => _words.Add((start, Ids.Count));

    /// <summary>
    /// How many tokens Hugging Face's library makes of the text under a length limit: from the side that is kept it goes on to the first
    /// word that reaches the limit, whereas added tokens do not stop it.
    /// </summary>
    /// <param name="limit">The limit.</param>
    /// <param name="side">The side that is cut.</param>
    /// <returns>The number of tokens.</returns>
    public int UpTo(int limit, TruncationSide side)
    {
        var found = side == TruncationSide.Left
            ? _words.FindLastIndex(word => Ids.Count - word.Start >= limit)
            : _words.FindIndex(word => word.End >= limit);
        return found < 0 ? Ids.Count : side == TruncationSide.Left ? Ids.Count - _words[found].Start : _words[found].End;
    }

    /// <summary>Takes ids away from one side.</summary>
    /// <param name="kept">How many stay.</param>
    /// <param name="side">The side that is cut.</param>
    public void Cut(int kept, TruncationSide side) => Ids.RemoveRange(side == TruncationSide.Left ? 0 : kept, Ids.Count - kept);
}
