namespace ResLora.Text.Data.Tasks;

/// <summary>The final sentence of the paper's generation tasks: <c>The answer is 42.</c></summary>
internal static class MarkedAnswer
{
    /// <summary>What stands before every final answer.</summary>
    public const string Marker = "The answer is";

    /// <summary>The final sentence.</summary>
    /// <param name="answer">The answer.</param>
    /// <returns>Marker, answer and full stop.</returns>
    public static string Sentence(string answer) => $"{Marker} {answer}.";

    /// <summary>Ends a text with exactly one full stop.</summary>
    /// <param name="text">The text; white space at its ends is dropped.</param>
    /// <returns>The text with its full stop.</returns>
    public static string Stopped(string text) => text.Trim().EndsWith('.') ? text.Trim() : text.Trim() + ".";

    /// <summary>
    /// The text after the last marker, without the white space around it and without one full stop at its end: every trained
    /// answer ends in one, so a text cut off before it is not punished for that.
    /// </summary>
    /// <param name="generated">The text generated.</param>
    /// <returns>The answer; null when the marker or an answer behind it is missing.</returns>
    public static string? Extract(string generated)
    {
        var at = generated.LastIndexOf(Marker, StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var answer = generated[(at + Marker.Length)..].Trim();
        answer = answer.EndsWith('.') ? answer[..^1].TrimEnd() : answer;
        return answer.Length > 0 ? answer : null;
    }
}
