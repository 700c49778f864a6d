namespace ResLora.Text.Data.Tasks;

/// <summary>What a task writes around the one text that is asked, to make a prompt of it.</summary>
/// <param name="Before">What stands in front of the text.</param>
/// <param name="After">What stands behind it.</param>
public sealed record PromptFrame(string Before, string After)
{
    /// <summary>Nothing around it: the text is the prompt.</summary>
    public static PromptFrame None { get; } = new("", "");

    /// <summary>The prompt of a text.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The prompt.</returns>
    public string Wrap(string text) => Before + text + After;

    /// <summary>The text of a prompt.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <returns>What stands in the frame; the whole prompt where it has no such frame.</returns>
    public string Unwrap(string prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var isFramed = prompt.Length >= Before.Length + After.Length
            && prompt.StartsWith(Before, StringComparison.Ordinal) && prompt.EndsWith(After, StringComparison.Ordinal);
        return isFramed ? prompt[Before.Length..^After.Length] : prompt;
    }
}
