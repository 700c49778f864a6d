using System.Globalization;

namespace ResLora.Formats.NativeRuntime;

/// <summary>The memory of the machine.</summary>
public static class SystemMemory
{
    private const string MemoryInfo = "/proc/meminfo";
    private const string AvailableKey = "MemAvailable:";

    /// <summary>Memory that this process may use, in bytes: the machine's, or the container's limit.</summary>
    public static long TotalBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Memory that is free or can be freed at once.</summary>
    /// <returns>Bytes, never above the total; null where the system does not tell (it is Linux that does).</returns>
    public static long? AvailableBytes()
    {
        if (!File.Exists(MemoryInfo))
        {
            return null;
        }

        var line = File.ReadLines(MemoryInfo).FirstOrDefault(line => line.StartsWith(AvailableKey, StringComparison.Ordinal));
        var kibibytes = line?[AvailableKey.Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
        return long.TryParse(kibibytes, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? Math.Min(value * 1024, TotalBytes) : null;
    }
}
