using ResLora.Formats.Files;

namespace ResLora.Cli;

/// <summary>Standard error: where it cannot be written, because it goes to a full disk, the command goes on without its log.</summary>
/// <param name="inner">.NET's writer, which writes at once.</param>
internal sealed class LogWriter(TextWriter inner) : CarefulWriter(inner)
{
    protected override void Attempt(Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            // There is no other place to say it.
        }
    }
}
