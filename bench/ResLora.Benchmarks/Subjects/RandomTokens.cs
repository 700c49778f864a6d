using ResLora.Formats;
using ResLora.Text.Data;

namespace ResLora.Benchmarks.Subjects;

/// <summary>Samples of tokens drawn at random, all of them trained but for the first, which nothing predicts.</summary>
internal static class RandomTokens
{
    /// <summary>Draws them; the same for the same arguments.</summary>
    /// <param name="count">How many samples.</param>
    /// <param name="tokens">T, the length of each, 2 or more.</param>
    /// <param name="vocabulary">V.</param>
    public static IReadOnlyList<TokenizedSample> Samples(int count, int tokens, long vocabulary)
    {
        var random = new StableRandom(0);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            int[] ids = [.. Enumerable.Range(0, tokens).Select(_ => (int)(random.Next() % (ulong)vocabulary))];
            return new TokenizedSample(ids, [TokenizedSample.Masked, .. ids.Skip(1)]);
        })];
    }
}
