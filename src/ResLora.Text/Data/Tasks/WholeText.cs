namespace ResLora.Text.Data.Tasks;

/// <summary>Scoring of tasks without a marker: the whole text is the answer.</summary>
internal static class WholeText
{
    /// <summary>The text without the white space around it.</summary>
    /// <param name="text">The text generated, or the one expected.</param>
    /// <returns>The answer; null when nothing is left.</returns>
    public static string? Answer(string text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
