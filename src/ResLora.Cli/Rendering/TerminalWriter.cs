using System.Text;

namespace ResLora.Cli.Rendering;

/// <summary>A terminal for text that is streamed, such as a model's: nothing but line feeds and tabs steers it.</summary>
/// <param name="terminal">The terminal, which the owner disposes.</param>
internal sealed class TerminalWriter(TextWriter terminal) : TextWriter
{
    /// <inheritdoc />
    public override Encoding Encoding => terminal.Encoding;

    /// <inheritdoc />
    public override void Write(char value) => Write(value.ToString());

    /// <inheritdoc />
    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    /// <inheritdoc />
    public override void Write(string? value) =>
        terminal.Write(TerminalText.Escape((value ?? "").Replace("\r\n", "\n", StringComparison.Ordinal), keepsLines: true));

    /// <inheritdoc />
    public override void WriteLine() => terminal.WriteLine();

    /// <inheritdoc />
    public override void WriteLine(string? value)
    {
        Write(value);
        WriteLine();
    }

    /// <inheritdoc />
    public override void Flush() => terminal.Flush();
}
