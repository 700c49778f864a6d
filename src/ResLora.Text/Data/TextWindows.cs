namespace ResLora.Text.Data;

/// <summary>
/// Cuts a text that is too long into windows of nearly the same length, so that every token of it is trained once. Each window has the
/// tokens that stand in front of a text in front again; where there are none, the token before the window stands there, untrained. The end
/// token is in the last window only.
/// </summary>
public static class TextWindows
{
    /// <summary>Cuts a text.</summary>
    /// <param name="text">The whole text, of which everything but the front is trained.</param>
    /// <param name="front">How many tokens stand in front of the text; may be 0.</param>
    /// <param name="maxLength">The longest window in tokens.</param>
    /// <returns>The windows; none when there is no room for a trained token.</returns>
    public static IReadOnlyList<TokenizedSample> Cut(TokenizedSample text, int front, int maxLength)
    {
        ArgumentNullException.ThrowIfNull(text);
        var context = Math.Max(1, front);
        var (trained, room) = (text.Ids.Length - context, maxLength - context);
        if (room < 1)
        {
            return [];
        }

        var count = (trained + room - 1) / room;
        return [.. Enumerable.Range(0, count).Select(window => Window(
            text, front, context + (int)((long)trained * window / count), context + (int)((long)trained * (window + 1) / count)))];
    }

    private static TokenizedSample Window(TokenizedSample text, int front, int from, int to)
    {
        int[] before = front > 0 ? text.Ids[..front] : [text.Ids[from - 1]];
        return new TokenizedSample(
            [.. before, .. text.Ids[from..to]], [.. before.Select(_ => TokenizedSample.Masked), .. text.Labels[from..to]]);
    }
}
