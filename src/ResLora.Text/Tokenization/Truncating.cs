using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.HuggingFace;

namespace ResLora.Text.Tokenization;

/// <summary>How much of each text is kept.</summary>
internal static class Truncating
{
    /// <summary>
    /// The side that the files name: <c>truncation_side</c> of tokenizer_config.json, else the <c>direction</c> that tokenizer.json
    /// stores.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="json">The tokenizer.json.</param>
    /// <returns>The side; the end when no file says.</returns>
    /// <exception cref="FileFormatException">The side is unknown.</exception>
    public static TruncationSide Side(string folder, TokenizerJson json)
    {
        var path = Path.Combine(folder, "tokenizer_config.json");
        var config = ModelFiles.Exists(path) ? TokenizerJsonComponent.ReadFile(path) : null;
        var named = config?.ChildOrNull("truncation_side") ?? json.Truncation?.ChildOrNull("direction");
        return named?.AsText() switch
        {
            null or "right" or "Right" => TruncationSide.Right,
            "left" or "Left" => TruncationSide.Left,
            var other => throw named.Error($"the side '{other}' is unknown (known: left, right)"),
        };
    }

    /// <summary>The lengths that fit, as Hugging Face's tokenizers library has them.</summary>
    /// <param name="first">Tokens of the first text.</param>
    /// <param name="second">Tokens of the second text; null when there is none.</param>
    /// <param name="room">The most tokens of both together.</param>
    /// <param name="truncation">Which one is cut.</param>
    /// <returns>Tokens to keep of each.</returns>
    /// <exception cref="ConfigException">There is no room, or the text to be cut is too short.</exception>
    public static (int First, int Second) Lengths(int first, int? second, int room, Truncation truncation)
    {
        if (room < 1)
        {
            throw new ConfigException(
                $"The length limit leaves room for {Math.Max(0, room)} tokens besides the special ones; raise it (maxLength).");
        }

        var excess = first + (second ?? 0) - room;
        if (excess <= 0)
        {
            return (first, second ?? 0);
        }

        if (truncation == Truncation.LongestFirst)
        {
            return second is { } other ? Alike(first, other, room) : (room, 0);
        }

        var cut = truncation == Truncation.OnlyFirst ? first : second ?? 0;
        if (cut <= excess)
        {
            throw new ConfigException(
                $"A text has {excess} tokens too many, and the one to be cut ({(truncation == Truncation.OnlyFirst ? "the first" : "the second")}) has {cut}; choose longest_first or raise the length limit (maxLength).");
        }

        return truncation == Truncation.OnlyFirst ? (first - excess, second ?? 0) : (first, cut - excess);
    }

    /// <summary>The shorter text keeps what it has as long as the other one alone can be cut down to it.</summary>
    private static (int First, int Second) Alike(int first, int second, int room)
    {
        var (shorter, longer) = (Math.Min(first, second), Math.Max(first, second));
        longer = shorter > room ? shorter : Math.Max(shorter, room - shorter);
        if (shorter + longer > room)
        {
            (shorter, longer) = (room / 2, (room / 2) + (room % 2));
        }

        return first > second ? (longer, shorter) : (shorter, longer);
    }
}
