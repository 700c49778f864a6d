namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>Cuts a piece at the matches of a pattern.</summary>
internal static class PieceSplitter
{
    /// <summary>Cuts a piece.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="matches">The matches, in order and without overlap; an empty one only cuts.</param>
    /// <param name="behavior">What becomes of a match.</param>
    /// <param name="invert">Whether the text between the matches counts as the match.</param>
    /// <returns>The parts that are not empty, in order.</returns>
    public static IEnumerable<TextPiece> Split(
        TextPiece piece, IEnumerable<(int Start, int Length)> matches, SplitBehavior behavior, bool invert = false)
    {
        var parts = Group(Cover(piece.Text.Length, matches, invert), behavior);
        foreach (var (start, length, _) in parts.Where(part => part.Length > 0))
        {
            yield return piece.Part(start, length);
        }
    }

    // Matches and the gaps between them, together the whole text.
    private static IEnumerable<PieceSpan> Cover(int textLength, IEnumerable<(int Start, int Length)> matches, bool invert)
    {
        var end = 0;
        foreach (var (start, length) in matches)
        {
            if (start > end)
            {
                yield return new PieceSpan(end, start - end, invert);
            }

            yield return new PieceSpan(start, length, !invert);
            end = start + length;
        }

        if (end < textLength)
        {
            yield return new PieceSpan(end, textLength - end, invert);
        }
    }

    private static IEnumerable<PieceSpan> Group(IEnumerable<PieceSpan> parts, SplitBehavior behavior) => behavior switch
    {
        SplitBehavior.Isolated => parts,
        SplitBehavior.Removed => parts.Where(part => !part.IsMatch),
        SplitBehavior.Contiguous => Join(parts, (left, right) => left.IsMatch == right.IsMatch),
        SplitBehavior.MergedWithPrevious => Join(parts, (left, right) => right.IsMatch && !left.IsMatch),
        _ => Join(parts, (left, right) => left.IsMatch && !right.IsMatch),
    };

    // Joins each part to its left neighbour where the two original parts say so.
    private static IEnumerable<PieceSpan> Join(IEnumerable<PieceSpan> parts, Func<PieceSpan, PieceSpan, bool> together)
    {
        PieceSpan? open = null;
        PieceSpan last = default;
        foreach (var part in parts)
        {
            if (open is { } current && together(last, part))
            {
                open = current with { Length = current.Length + part.Length };
            }
            else
            {
                if (open is { } done)
                {
                    yield return done;
                }

                open = part;
            }

            last = part;
        }

        if (open is { } final)
        {
            yield return final;
        }
    }

    private readonly record struct PieceSpan(int Start, int Length, bool IsMatch);
}
