using ResLora.Formats.Errors;

namespace ResLora.Formats.Files;

/// <summary>Turns the faults of disks into errors that say what to do.</summary>
public static class DiskFault
{
    /// <summary>Whether an exception is a fault of a disk.</summary>
    /// <param name="error">The exception.</param>
    /// <returns>True for those that <see cref="Of"/> is for.</returns>
    public static bool Is(Exception error) => error is IOException or UnauthorizedAccessException;

    /// <summary>Whether an exception says that a disk, or the user's share of it, is full.</summary>
    /// <param name="error">The exception.</param>
    /// <returns>True for a full disk.</returns>
    public static bool IsFull(Exception error) => error is IOException
        && (
            OperatingSystem.IsWindows() ? (error.HResult & 0xFFFF) is 39 or 112 : error.HResult is 28 || error.HResult == (
                OperatingSystem.IsMacOS() ? 69 : 122));

    /// <summary>The error to report: <see cref="DiskFullException"/> for a full disk, else <see cref="ConfigException"/>.</summary>
    /// <param name="subject">What could not be written, such as <c>Folder 'x'</c>: the start of the sentence.</param>
    /// <param name="error">The fault.</param>
    /// <returns>The error.</returns>
    public static ResLoraException Of(string subject, Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return IsFull(error)
            ? new DiskFullException($"{subject} cannot be written: the disk is full, or your share of it is; make room there or choose a place on another disk.", error)
            : new ConfigException($"{subject} cannot be written: {error.Message}", error);
    }
}
