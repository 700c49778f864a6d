using Spectre.Console.Rendering;

namespace ResLora.Cli.Rendering;

/// <summary>Breaks text between words only: a path or a number that is wider than the line stays in one piece.</summary>
internal static class WordWrap
{
    private static readonly string[] _units = ["%", "bytes", "kB", "MB", "GB", "TB"];

    /// <summary>The lines of a text.</summary>
    /// <param name="text">The text; its own line feeds stay.</param>
    /// <param name="width">The cells of a line.</param>
    public static IEnumerable<string> Lines(string text, int width)
    {
        foreach (var line in text.Split('\n'))
        {
            var current = "";
            foreach (var word in Words(line))
            {
                if (current.Length > 0 && Cells(current) + 1 + Cells(word) > width)
                {
                    yield return current.TrimEnd();
                    current = word;
                }
                else
                {
                    current = current.Length > 0 ? $"{current} {word}" : word;
                }
            }

            yield return current.TrimEnd();
        }
    }

    /// <summary>The cells that the widest word takes.</summary>
    public static int LongestWord(string text) => text.Split('\n').SelectMany(Words).Select(Cells).DefaultIfEmpty().Max();

    /// <summary>The cells that a text takes.</summary>
    public static int Cells(string text) => new Segment(text).CellCount();

    /// <summary>Words; a number and its unit are one.</summary>
    private static List<string> Words(string line)
    {
        var words = new List<string>();
        foreach (var word in line.Split(' '))
        {
            var isUnit = _units.Contains(word.TrimEnd(',', ';', ':', '.', ')'));
            if (isUnit && words.Count > 0 && words[^1].Length > 0 && char.IsAsciiDigit(words[^1][^1]))
            {
                words[^1] += " " + word;
            }
            else
            {
                words.Add(word);
            }
        }

        return words;
    }
}
