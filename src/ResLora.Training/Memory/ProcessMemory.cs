using System.Globalization;

namespace ResLora.Training.Memory;

/// <summary>What the system says that this process takes.</summary>
public static class ProcessMemory
{
    private const string StatusFile = "/proc/self/status";
    private const string AnonymousKey = "RssAnon:";

    /// <summary>Bytes of memory that belong to the process alone: no files that it has mapped. Null where the system does not say (it is Linux that does).</summary>
    /// <returns>The bytes, or null.</returns>
    public static long? AnonymousBytes()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            var line = File.ReadLines(StatusFile).FirstOrDefault(text => text.StartsWith(AnonymousKey, StringComparison.Ordinal));
            var number = line?[AnonymousKey.Length..].Replace("kB", "", StringComparison.Ordinal);
            return long.TryParse(number, NumberStyles.Integer | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var kibibytes)
                ? kibibytes * 1024
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
