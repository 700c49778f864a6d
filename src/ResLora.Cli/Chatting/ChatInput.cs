using System.Text;
using ResLora.Text.Data.Readers;

namespace ResLora.Cli.Chatting;

/// <summary>What somebody says, turn by turn: a line each, or all lines between two of three quotation marks.</summary>
/// <param name="lines">The lines, read as they are asked for.</param>
internal sealed class ChatInput(IEnumerable<string> lines) : IDisposable
{
    private const string Quotes = "\"\"\"";

    private readonly IEnumerator<string> _lines = lines.GetEnumerator();

    /// <summary>Reads standard input.</summary>
    /// <param name="stream">The input.</param>
    public static ChatInput Of(Stream stream) => new(TextLines.Read(stream, TextLines.StandardInput));

    /// <summary>The next turn.</summary>
    /// <param name="more">Is told before each further line of a turn is waited for.</param>
    /// <returns>The turn, never blank; null at the end of the input.</returns>
    public string? Next(Action more)
    {
        while (_lines.MoveNext())
        {
            var line = _lines.Current;
            var turn = line.TrimStart().StartsWith(Quotes, StringComparison.Ordinal) ? Block(
                line.TrimStart()[Quotes.Length..], more) : line;
            if (!string.IsNullOrWhiteSpace(turn))
            {
                return turn;
            }
        }

        return null;
    }

    /// <inheritdoc />
    public void Dispose() => _lines.Dispose();

    private string Block(string first, Action more)
    {
        var block = new StringBuilder();
        for (var line = first; ; line = _lines.Current)
        {
            if (line.TrimEnd().EndsWith(Quotes, StringComparison.Ordinal))
            {
                return block.Append(line.TrimEnd()[..^Quotes.Length]).ToString();
            }

            // The line of the opening marks counts only if something stands on it.
            block.Append(line).Append(block.Length == 0 && line.Length == 0 ? "" : "\n");
            more();
            if (!_lines.MoveNext())
            {
                return block.ToString();
            }
        }
    }
}
