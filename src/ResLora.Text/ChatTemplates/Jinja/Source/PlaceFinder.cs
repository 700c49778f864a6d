namespace ResLora.Text.ChatTemplates.Jinja.Source;

/// <summary>Lines and columns of a text whose lines end in line feeds.</summary>
internal sealed class PlaceFinder
{
    private readonly List<int> _starts = [0];

    /// <summary>Finds the lines.</summary>
    /// <param name="text">The text.</param>
    public PlaceFinder(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n')
            {
                _starts.Add(i + 1);
            }
        }
    }

    /// <summary>The place of a character.</summary>
    public SourcePlace Of(int at)
    {
        var line = _starts.BinarySearch(at);
        line = line < 0 ? ~line - 1 : line;
        return new SourcePlace(line + 1, at - _starts[line] + 1);
    }
}
