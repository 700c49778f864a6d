using ResLora.Text.Data.Chat;

namespace ResLora.Text.Data;

/// <summary>One training or test example as text. Prompt and completion follow each other with nothing in between.</summary>
/// <param name="Prompt">What is given; empty for plain text, of which everything is trained.</param>
/// <param name="Completion">What is to be learnt, led by its own blank or line break where one belongs.</param>
public sealed record Sample(string Prompt, string Completion)
{
    /// <summary>The final answer that generated text must give to count as right; null when the sample cannot be scored.</summary>
    public string? Answer { get; init; }

    /// <summary>The conversation that it is; null for a prompt with a completion, and for plain text.</summary>
    public Conversation? Conversation { get; init; }

    /// <summary>
    /// What is asked, without what a task writes around it for models that know no conversations; null where that is <see cref="Prompt"/>.
    /// </summary>
    public string? Asked { get; init; }
}
