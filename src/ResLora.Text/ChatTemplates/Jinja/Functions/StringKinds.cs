using System.Globalization;
using System.Text;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>The methods of texts that say what kind of characters are in them.</summary>
internal static class StringKinds
{
    /// <summary>All of them; the first argument is the text.</summary>
    public static FunctionTable All { get; } = new()
    {
        { "isalnum", "self", (_, a) => Every(a, rune => Rune.IsLetter(rune) || IsNumeric(rune)) },
        { "isalpha", "self", (_, a) => Every(a, Rune.IsLetter) },
        { "isascii", "self", (_, a) => a.Text(0).All(char.IsAscii) },
        { "isdecimal", "self", (_, a) => Every(a, Rune.IsDigit) },
        { "isdigit", "self", (_, a) => Every(a, IsDigit) },
        { "isidentifier", "self", (_, a) => IsIdentifier(a.Text(0)) },
        { "islower", "self", (_, a) => Letters.IsLower(a.Text(0)) },
        { "isnumeric", "self", (_, a) => Every(a, IsNumeric) },
        { "isprintable", "self", (_, a) => a.Text(0).EnumerateRunes().All(PythonText.IsPrintable) },
        { "isspace", "self", (_, a) => Every(a, rune => rune.IsBmp && CodePoints.IsSpace((char)rune.Value)) },
        { "istitle", "self", (_, a) => Letters.IsTitle(a.Text(0)) },
        { "isupper", "self", (_, a) => Letters.IsUpper(a.Text(0)) },
    };

    /// <summary>Whether a text could be a name in Python.</summary>
    public static bool IsIdentifier(string text) => text.Length > 0
        && text.EnumerateRunes().Index().All(rune => rune.Item.Value == '_' || Rune.IsLetter(rune.Item) || IsNameNumber(rune.Item)
            || (rune.Index > 0 && IsNamePart(rune.Item)));

    private static bool Every(BoundArguments a, Func<Rune, bool> fits) => a.Text(0).Length > 0 && a.Text(0).EnumerateRunes().All(fits);

    private static bool IsDigit(Rune rune) =>
        Rune.IsDigit(rune) || CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0;

    private static bool IsNumeric(Rune rune) =>
        Rune.IsNumber(rune) || CharUnicodeInfo.GetNumericValue(rune.ToString(), 0) >= 0;

    private static bool IsNameNumber(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.LetterNumber;

    private static bool IsNamePart(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.DecimalDigitNumber
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ConnectorPunctuation;
}
