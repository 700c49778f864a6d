using System.Globalization;

namespace ResLora.Text.Tokenization.Patterns;

/// <summary>A counted repetition: <c>{2}</c>, <c>{2,}</c>, <c>{,3}</c>, <c>{2,3}</c>.</summary>
/// <param name="Least">The smallest number.</param>
/// <param name="Most">The largest, or null for no limit; below <paramref name="Least"/> when the two are exchanged, which means
/// possessive.</param>
/// <param name="IsFixed">Whether there is one number.</param>
internal readonly record struct PatternCount(int Least, int? Most, bool IsFixed)
{
    /// <summary>Reads a repetition. Braces with anything else in them are characters.</summary>
    /// <param name="reader">The place.</param>
    /// <param name="take">Whether to go behind it.</param>
    /// <returns>The repetition, or null.</returns>
    public static PatternCount? Read(PatternReader reader, bool take)
    {
        var end = reader.Next == '{' ? reader.Rest.IndexOf('}') : -1;
        if (end < 0)
        {
            return null;
        }

        var bounds = reader.Rest[1..end].ToString().Split(',');
        if (bounds.Length > 2 || bounds.All(bound => bound.Length == 0) || !bounds.All(bound => bound.All(char.IsAsciiDigit)))
        {
            return null;
        }

        if (take)
        {
            reader.Skip(end + 1);
        }

        var least = Number(bounds[0]);
        return new PatternCount(least, bounds.Length == 1 ? least : bounds[1].Length == 0 ? null : Number(bounds[1]), bounds.Length == 1);
    }

    // What is too large for a number is too large for every limit.
    private static int Number(string text) => text.Length == 0 ? 0
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : int.MaxValue;
}
