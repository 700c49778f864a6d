using System.Globalization;

namespace ResLora.Formats.NativeRuntime;

/// <summary>The memory of the machine.</summary>
public static class SystemMemory
{
    /// <summary>Memory that this process may use, in bytes: the machine's, or the container's limit.</summary>
    public static long TotalBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Memory that is free or can be freed at once.</summary>
    /// <returns>Bytes, never above the total; null where the system does not tell (it is Linux that does).</returns>
    public static long? AvailableBytes() =>
        KernelBytes("/proc/meminfo", "MemAvailable:") is { } available ? Math.Min(available, TotalBytes) : null;

    /// <summary>A size that the kernel of Linux tells, in a line such as <c>RssAnon:   1234 kB</c>.</summary>
    /// <param name="file">The file, such as <c>/proc/self/status</c>.</param>
    /// <param name="key">How the line begins, its colon included.</param>
    /// <returns>Bytes; null on another system, or where file or line are missing or cannot be read.</returns>
    public static long? KernelBytes(string file, string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            var line = File.ReadLines(file).FirstOrDefault(text => text.StartsWith(key, StringComparison.Ordinal));
            var number = line?[key.Length..].Replace("kB", "", StringComparison.Ordinal);
            return long.TryParse(
                number, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var kibibytes)
                ? kibibytes * 1024
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
