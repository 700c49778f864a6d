namespace ResLora.Text.Tokenization.Patterns;

/// <summary>How a part of a pattern is meant: <c>(?imx-imx:…)</c>.</summary>
/// <param name="IgnoreCase">i: case does not count.</param>
/// <param name="AnyLine">m: the dot takes line feeds, too.</param>
/// <param name="Extended">x: blanks and comments in the pattern do not count.</param>
internal readonly record struct PatternOptions(bool IgnoreCase, bool AnyLine, bool Extended)
{
    /// <summary>Reads options.</summary>
    /// <param name="reader">The place of the question mark; afterwards behind the colon, or behind the bracket.</param>
    /// <param name="isOpen">Whether they stand alone, as in <c>(?i)</c>.</param>
    /// <returns>The options; null when it is something else.</returns>
    public PatternOptions? Read(PatternReader reader, out bool isOpen)
    {
        var (options, on) = (this, true);
        isOpen = false;
        reader.Skip(1);
        while (!reader.AtEnd)
        {
            switch (reader.ReadPoint())
            {
                case '-':
                    on = false;
                    break;
                case 'i':
                    options = options with { IgnoreCase = on };
                    break;
                case 'm':
                    options = options with { AnyLine = on };
                    break;
                case 'x':
                    options = options with { Extended = on };
                    break;
                case ':':
                    return options;
                case ')':
                    isOpen = true;
                    return options;
                default:
                    return null;
            }
        }

        return null;
    }
}
