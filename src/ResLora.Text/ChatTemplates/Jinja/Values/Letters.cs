using System.Globalization;
using System.Text;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Capitals and small letters as Python has them, with those that become several.</summary>
internal static class Letters
{
    private static readonly Dictionary<int, string> _capitals = new()
    {
        ['ß'] = "SS",
        ['ŉ'] = "ʼN",
        ['ǰ'] = "J̌",
        ['ﬀ'] = "FF",
        ['ﬁ'] = "FI",
        ['ﬂ'] = "FL",
        ['ﬃ'] = "FFI",
        ['ﬄ'] = "FFL",
        ['ﬅ'] = "ST",
        ['ﬆ'] = "ST",
        ['և'] = "ԵՒ",
        ['ẖ'] = "H̱",
        ['ẗ'] = "T̈",
        ['ẘ'] = "W̊",
        ['ẙ'] = "Y̊",
        ['ẚ'] = "Aʾ",
    };

    /// <summary>All in small letters.</summary>
    public static string Lower(string text)
    {
        var output = new StringBuilder(text.Length);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            output.Append(rune.Value switch
            {
                'İ' => "i̇",
                'Σ' when EndsWord(text, at) => "ς",
                _ => Rune.ToLowerInvariant(rune).ToString(),
            });
            at += rune.Utf16SequenceLength;
        }

        return output.ToString();
    }

    /// <summary>All in capitals.</summary>
    public static string Upper(string text) => string.Concat(text.EnumerateRunes().Select(Capital));

    /// <summary>Small letters for comparing.</summary>
    public static string Fold(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune => _capitals.TryGetValue(rune.Value, out var several) ? Lower(several)
            : rune.Value is 'ẞ' ? "ss" : rune.Value is 'ς' ? "σ" : rune.Value is 'ſ' ? "s" : rune.Value is 'µ' ? "μ"
                : Lower(rune.ToString() is "Σ" ? "σ" : rune.ToString())));

    /// <summary>The first letter as a capital, the others small.</summary>
    public static string Capitalize(string text) => Cased(text, (_, at) => at == 0);

    /// <summary>The first letter of each word as a capital, the others small.</summary>
    public static string Title(string text) => Cased(text, (before, _) => !IsCased(before));

    /// <summary>Capitals for small letters and the other way round.</summary>
    public static string Swap(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune => IsCapital(rune) ? Lower(rune.ToString()) : Capital(rune)));

    /// <summary>Whether there are small letters and no capitals.</summary>
    public static bool IsLower(string text) => text.EnumerateRunes().Any(IsSmall) && !text.EnumerateRunes().Any(IsCapital);

    /// <summary>Whether there are capitals and no small letters.</summary>
    public static bool IsUpper(string text) => text.EnumerateRunes().Any(IsCapital) && !text.EnumerateRunes().Any(IsSmall);

    /// <summary>Whether each word begins with a capital and goes on in small letters.</summary>
    public static bool IsTitle(string text)
    {
        Rune? before = null;
        var any = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if ((IsCapital(rune) && IsCased(before)) || (IsSmall(rune) && !IsCased(before)))
            {
                return false;
            }

            any |= IsCased(rune);
            before = rune;
        }

        return any;
    }

    private static string Cased(string text, Func<Rune?, int, bool> isCapital)
    {
        var lower = Lower(text);
        var output = new StringBuilder(text.Length);
        Rune? before = null;
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            output.Append(isCapital(before, at) ? First(rune) : rune.Value == 'Σ' && lower.Length == text.Length ? lower[at].ToString()
                : Lower(rune.ToString()));
            before = rune;
            at += rune.Utf16SequenceLength;
        }

        return output.ToString();
    }

    // At the start of a word ß is Ss, and ﬁ is Fi.
    private static string First(Rune rune) => Capital(rune) is { Length: > 1 } several && _capitals.ContainsKey(rune.Value)
        && rune.Value != 'ŉ'
        ? several[..1] + Lower(several[1..])
        : Capital(rune);

    private static string Capital(Rune rune) => _capitals.GetValueOrDefault(rune.Value) ?? Rune.ToUpperInvariant(rune).ToString();

    private static bool EndsWord(string text, int at) => at > 0 && char.IsLetter(text[at - 1])
        && (at + 1 == text.Length || !char.IsLetter(text[at + 1]));

    private static bool IsCapital(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter
        || rune.Value is >= 0x2160 and <= 0x216F or >= 0x24B6 and <= 0x24CF;

    private static bool IsSmall(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.LowercaseLetter
        || rune.Value is 0xAA or 0xBA or >= 0x2170 and <= 0x217F or >= 0x24D0 and <= 0x24E9;

    private static bool IsCased(Rune? rune) => rune is { } there && (IsCapital(there) || IsSmall(there));
}
