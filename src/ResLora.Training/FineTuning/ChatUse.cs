using ResLora.Text.Data.Chat;

namespace ResLora.Training.FineTuning;

/// <summary>Which chat template samples are written with, and what of them is learnt.</summary>
/// <param name="IsForPrompts">
/// Whether prompts with completions are written as conversations where there is a template; conversations are in any case.
/// </param>
/// <param name="Template">A template of the user's; null for the model's own.</param>
/// <param name="TemplateName">Where it is from, for messages; null for the model's own.</param>
public sealed record ChatUse(bool IsForPrompts = true, string? Template = null, string? TemplateName = null)
{
    /// <summary>Which tokens of conversations are learnt. Default: the assistant's turns.</summary>
    public TrainOn TrainOn { get; init; }
}
