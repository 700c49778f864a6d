namespace ResLora.Text.Data.Chat;

/// <summary>A turn of the assistant, behind all that the model reads before it gives it.</summary>
/// <param name="Ids">The tokens up to the end of the turn.</param>
/// <param name="Trained">Which of them are learnt: from the first up to, not including, the second.</param>
internal sealed record ChatTurn(int[] Ids, IReadOnlyList<(int Start, int End)> Trained);
