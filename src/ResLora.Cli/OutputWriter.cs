using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Cli;

/// <summary>Standard output: a result that cannot be written, because it goes to a full disk, ends the command with a sentence.</summary>
/// <param name="inner">.NET's writer, which writes at once.</param>
internal sealed class OutputWriter(TextWriter inner) : CarefulWriter(inner)
{
    protected override void Attempt(Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (DiskFault.Is(error))
        {
            throw error is UnauthorizedAccessException
                ? new ConfigException("Standard output cannot be written: it is closed.", error)
                : DiskFault.Of("Standard output", error);
        }
    }
}
