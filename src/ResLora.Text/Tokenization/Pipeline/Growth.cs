using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>
/// Bounds for what a tokenizer.json can make of a text or a token. Stages multiply: a stage that doubles its input, 34 times in a row,
/// makes 2³⁴ characters of one.
/// </summary>
internal static class Growth
{
    /// <summary>A token becomes at most this many characters, however long it was.</summary>
    public const int LongestToken = 1 << 20;

    private const int MostStages = 64; // published files have about ten at most
    private const int MostTimes = 64;  // the byte level makes 4 characters of one, NFKC 18
    private const int AlwaysAllowed = 1 << 16;

    /// <summary>The most characters that the stages may make of a text.</summary>
    /// <param name="length">The text's length.</param>
    /// <returns>The number.</returns>
    public static long Most(int length) => Math.Max(AlwaysAllowed, (long)MostTimes * length);

    /// <summary>The stages of a component, those of sequences within sequences too, in order.</summary>
    /// <param name="json">The component.</param>
    /// <param name="key">Where a sequence has its stages.</param>
    /// <returns>The stages.</returns>
    public static IReadOnlyList<TokenizerJsonComponent> Stages(TokenizerJsonComponent json, string key)
    {
        var stages = Flatten(json, key).Take(MostStages + 1).ToList();
        return stages.Count <= MostStages
            ? stages
            : throw json.Error($"it has more than {MostStages} stages, which no tokenizer needs; their work would multiply");
    }

    /// <summary>Refuses what grew too much.</summary>
    /// <param name="from">The text's length.</param>
    /// <param name="to">Its length after some stages.</param>
    /// <param name="json">The stage, for the message.</param>
    public static void Require(int from, long to, TokenizerJsonComponent json)
    {
        if (to > Most(from))
        {
            throw json.Error($"the stages up to this one make {to} characters of a text of {from}, at most {Most(from)} are allowed; "
                + "take out the stages that repeat each other");
        }
    }

    private static IEnumerable<TokenizerJsonComponent> Flatten(TokenizerJsonComponent json, string key) =>
        json.Type == "Sequence" ? json.Items(key).SelectMany(item => Flatten(item, key)) : [json];
}
