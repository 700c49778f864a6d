using ResLora.Text.Data.Chat;

namespace ResLora.Experiments.Generating;

/// <summary>A prompt as the user gives it.</summary>
/// <param name="Text">The text; of a conversation what its user says last.</param>
/// <param name="Asked">The conversation that is to be answered; null for a text to be continued.</param>
/// <param name="Where">Where it stands, for messages.</param>
internal sealed record GivenPrompt(string Text, Conversation? Asked, string Where);
