using System.Text;

namespace ResLora.Cli;

/// <summary>A writer whose failures are dealt with in one place.</summary>
/// <param name="inner">The writer below.</param>
internal abstract class CarefulWriter(TextWriter inner) : TextWriter
{
    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <inheritdoc/>
    public override void Write(char value) => Attempt(() => inner.Write(value));

    /// <inheritdoc/>
    public override void Write(string? value) => Attempt(() => inner.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Attempt(() => inner.Write(buffer, index, count));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Attempt(() => inner.WriteLine(value));

    /// <inheritdoc/>
    public override void WriteLine() => Attempt(inner.WriteLine);

    /// <inheritdoc/>
    public override void Flush() => Attempt(inner.Flush);

    /// <summary>Writes, and deals with a failure.</summary>
    /// <param name="write">The call of the writer below.</param>
    protected abstract void Attempt(Action write);
}
