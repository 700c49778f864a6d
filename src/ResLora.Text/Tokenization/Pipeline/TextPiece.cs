using System.Text;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>A part of the text on its way to the model.</summary>
/// <param name="Text">The characters.</param>
/// <param name="AtStart">Whether it begins with what the whole text begins with.</param>
/// <param name="Prepended">How many characters a pre-tokenizer has put in front of it; what stands behind them is at the start,
/// too.</param>
internal readonly record struct TextPiece(string Text, bool AtStart, int Prepended = 0)
{
    /// <summary>A part of it.</summary>
    /// <param name="start">Where the part begins.</param>
    /// <param name="length">How long it is.</param>
    /// <returns>The part.</returns>
    public TextPiece Part(int start, int length) =>
        new(Text.Substring(start, length), AtStart && start <= Prepended, Math.Max(0, Prepended - start));

    /// <summary>The same with a text in front.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The longer piece.</returns>
    public TextPiece Prepend(string text) => this with { Text = text + Text, Prepended = text.Length + Prepended };

    /// <summary>The same without some characters; what begins with another character than before is no longer at the start.</summary>
    /// <param name="leftOut">Which characters are left out.</param>
    /// <returns>The shorter piece.</returns>
    public TextPiece Without(Func<Rune, bool> leftOut)
    {
        var kept = new StringBuilder(Text.Length);
        var atStart = AtStart;
        foreach (var rune in Text.EnumerateRunes())
        {
            if (!leftOut(rune))
            {
                kept.Append(rune.ToString());
            }
            else if (kept.Length == 0)
            {
                atStart = false;
            }
        }

        return new TextPiece(kept.ToString(), atStart);
    }
}
