using System.Text;

namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>The normalizer of SentencePiece for translation: some controls go, other characters without ink become blanks.</summary>
internal static class NmtText
{
    /// <summary>Normalizes a text.</summary>
    /// <param name="piece">The text.</param>
    /// <returns>The normalized text.</returns>
    public static TextPiece Normalize(TextPiece piece)
    {
        piece = piece.Without(IsControl);
        var text = new StringBuilder(piece.Text.Length);
        foreach (var rune in piece.Text.EnumerateRunes())
        {
            text.Append(IsBlank(rune) ? " " : rune.ToString());
        }

        return piece with { Text = text.ToString() };
    }

    private static bool IsControl(Rune rune) =>
        rune.Value is (>= 0x01 and <= 0x08) or 0x0B or (>= 0x0E and <= 0x1F) or 0x7F or 0x8F or 0x9F;

    private static bool IsBlank(Rune rune) => rune.Value is
        '\t' or '\n' or '\f' or '\r' or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD;
}
