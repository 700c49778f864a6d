using System.Text;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>A part of the text on its way to the model.</summary>
/// <param name="Text">The characters.</param>
/// <param name="AtStart">Whether it begins with what the whole text begins with.</param>
internal readonly record struct TextPiece(string Text, bool AtStart)
{
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
