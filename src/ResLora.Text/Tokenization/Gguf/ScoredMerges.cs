namespace ResLora.Text.Tokenization.Gguf;

/// <summary>
/// The pairs that a SentencePiece tokenizer with scores merges: all whose union is a token, that of the highest score first.
/// </summary>
internal static class ScoredMerges
{
    // Longer tokens are never merged step by step in published models; a hostile one would cost the square of its length.
    private const int LongestToken = 1024;

    /// <summary>The pairs, the most urgent first.</summary>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="scores">Their scores by id.</param>
    public static IEnumerable<(string Left, string Right)> Of(GgufVocabulary vocabulary, IReadOnlyList<float> scores)
    {
        var known = vocabulary.Ids.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var id in Enumerable.Range(0, scores.Count).OrderByDescending(id => scores[id]))
        {
            var token = vocabulary.Tokens[id];
            for (var cut = 1; cut < token.Length && token.Length <= LongestToken; cut++)
            {
                if (known.ContainsKey(token.AsSpan(0, cut)) && known.ContainsKey(token.AsSpan(cut)))
                {
                    yield return (token[..cut], token[cut..]);
                }
            }
        }
    }
}
