using System.Globalization;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Gguf;

/// <summary>
/// Scores for llama.cpp's SentencePiece tokenizer from a list of merges. llama.cpp joins the neighbours whose union is the token of the
/// highest score, whatever the two are; a list of merges names the pairs. Both are the same if every pair whose union is a token is
/// listed, and if all pairs of one token stand together; then a token's score is its place, counted down. Both are checked.
/// </summary>
/// <remarks>
/// One difference remains: where two listed pairs of the same token overlap, as a|aa and aa|a in "aaaa", the list takes the pair that
/// stands first and llama.cpp the left one, as SentencePiece itself does.
/// </remarks>
internal static class SentencePieceScores
{
    /// <summary>The score of every token.</summary>
    /// <param name="json">The tokenizer.</param>
    /// <returns>The function from a token to its score.</returns>
    /// <exception cref="ConfigException">No scores give the same tokens.</exception>
    public static Func<string, float> Of(TokenizerJson json)
    {
        if (json.Model.Scores is { Count: > 0 } known)
        {
            RequireBytes(json);
            return token => json.Model.Vocabulary.TryGetValue(token, out var id) ? (float)known[id] : (float)known.Min();
        }

        var ranks = new Dictionary<(string Left, string Right), int>();
        for (var rank = 0; rank < json.Model.Merges.Count; rank++)
        {
            ranks[json.Model.Merges[rank]] = rank;
        }

        RequireBytes(json);
        RequireEveryPair(json, ranks);
        var order = ranks.GroupBy(pair => pair.Key.Left + pair.Key.Right, StringComparer.Ordinal)
            .Select(token => (Token: token.Key, First: token.Min(pair => pair.Value), Last: token.Max(pair => pair.Value)))
            .OrderBy(token => token.First)
            .ToList();
        for (var i = 1; i < order.Count; i++)
        {
            if (order[i - 1].Last > order[i].First)
            {
                throw new ConfigException(
                    $"{json.File}: the merges to '{order[i - 1].Token}' and to '{order[i].Token}' stand between each other; "
                    + "llama.cpp has one score a token and would cut texts otherwise.");
            }
        }

        var scores = order.Index().ToDictionary(entry => entry.Item.Token, entry => (float)-entry.Index, StringComparer.Ordinal);
        return token => scores.GetValueOrDefault(token, -order.Count);
    }

    /// <summary>Whether a token stands for a byte, as <c>&lt;0x0A&gt;</c> does.</summary>
    public static bool IsByte(string token) =>
        token is ['<', '0', 'x', _, _, '>'] && byte.TryParse(
            token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _);

    private static void RequireBytes(TokenizerJson json)
    {
        for (var value = 0; value < 256; value++)
        {
            var token = string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>");
            if (json.IdOf(token) is null)
            {
                throw new ConfigException(
                    $"{json.File}: llama.cpp's SentencePiece tokenizer needs a token for every byte; {token} is missing.");
            }
        }
    }

    private static void RequireEveryPair(TokenizerJson json, Dictionary<(string Left, string Right), int> ranks)
    {
        var added = json.AddedTokens.Select(token => token.Content).ToHashSet(StringComparer.Ordinal);
        foreach (var token in json.Model.Vocabulary.Keys.Where(token => !added.Contains(token)))
        {
            for (var cut = 1; cut < token.Length; cut++)
            {
                if (char.IsLowSurrogate(token[cut]))
                {
                    continue;
                }

                var (left, right) = (token[..cut], token[cut..]);
                if (CanStand(left) && CanStand(right) && !ranks.ContainsKey((left, right)))
                {
                    throw new ConfigException(
                        $"{json.File}: llama.cpp would join '{left}' and '{right}' to the token '{token}', which the merges do not; "
                        + "texts would become other tokens, so the model cannot be written as GGUF.");
                }
            }
        }

        // In llama.cpp a text begins as single characters, known or not.
        bool CanStand(string part) => json.Model.Vocabulary.ContainsKey(part) || part.EnumerateRunes().Count() == 1;
    }
}
