using System.Text.RegularExpressions;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>
/// Texts cut into lines as Python's <c>textwrap</c> does: at blanks, behind hyphens between letters, and in words that are too long.
/// </summary>
/// <param name="width">The most characters of a line.</param>
/// <param name="breaksWords">Whether a word that is longer than a line is cut.</param>
/// <param name="breaksHyphens">Whether a line may end behind a hyphen.</param>
internal sealed partial class TextWrap(int width, bool breaksWords, bool breaksHyphens)
{
    /// <summary>The lines of a text; blanks at their ends go away.</summary>
    /// <param name="run">The rendering.</param>
    /// <param name="text">The text.</param>
    public List<string> Lines(Rendering run, string text)
    {
        run.SpendText(text.Length);
        var rest = new Stack<string>((breaksHyphens ? Hyphenated() : Plain()).Split(text).Where(chunk => chunk.Length > 0).Reverse());
        var lines = new List<string>();
        while (rest.Count > 0)
        {
            run.Spend(1);
            if (lines.Count > 0 && IsBlank(rest.Peek()))
            {
                rest.Pop();
            }

            var line = Line(rest);
            if (line.Count > 0 && IsBlank(line[^1]))
            {
                line.RemoveAt(line.Count - 1);
            }

            if (line.Count > 0)
            {
                lines.Add(string.Concat(line));
            }
        }

        return lines;
    }

    private List<string> Line(Stack<string> rest)
    {
        var line = new List<string>();
        var length = 0;
        while (rest.Count > 0 && length + CodePoints.Count(rest.Peek()) <= width)
        {
            length += CodePoints.Count(rest.Peek());
            line.Add(rest.Pop());
        }

        if (rest.Count > 0 && CodePoints.Count(rest.Peek()) > width)
        {
            if (breaksWords && length < width)
            {
                var chunk = rest.Pop();
                var end = CodePoints.Unit(chunk, width - length);
                var hyphen = breaksHyphens && end > 0 ? chunk.LastIndexOf('-', end - 1) : -1;
                end = hyphen > 0 && chunk[..hyphen].Any(c => c != '-') ? hyphen + 1 : end;
                line.Add(chunk[..end]);
                rest.Push(chunk[end..]);
            }
            else if (line.Count == 0)
            {
                line.Add(rest.Pop());
            }
        }

        return line;
    }

    private static bool IsBlank(string chunk) => chunk.All(CodePoints.IsSpace);

    // A letter is a word's character that is no digit and no underscore.
    [GeneratedRegex(
        @"([\t\n\v\f\r ]+|(?<=[\w!""'&.,?])-{2,}(?=\w)|[^\t\n\v\f\r ]+?(?:-(?:(?<=[^\W\d_]{2}-)|(?<=[^\W\d_]-[^\W\d_]-))(?=[^\W\d_]-?[^\W\d_])"
        + @"|(?=[\t\n\v\f\r ]|\z)|(?<=[\w!""'&.,?])(?=-{2,}\w)))")]
    private static partial Regex Hyphenated();

    [GeneratedRegex(@"([\t\n\v\f\r ]+)")]
    private static partial Regex Plain();
}
