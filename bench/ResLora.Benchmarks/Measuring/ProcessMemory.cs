using System.Diagnostics;
using System.Globalization;
using ResLora.Formats.Errors;

namespace ResLora.Benchmarks.Measuring;

/// <summary>
/// What the kernel says of this process's memory (<c>/proc/self/status</c>), in bytes. Resident memory is anonymous (what was
/// allocated) or of files: weights that are mapped, which are page cache and given up when something else needs room.
/// </summary>
/// <param name="Peak">VmHWM: the most that was ever resident, both kinds. It never goes down, hence a process for each case.</param>
/// <param name="Anonymous">RssAnon: allocated and resident now.</param>
/// <param name="OfFiles">RssFile and RssShmem: pages of mapped files that are resident now.</param>
internal sealed record ProcessMemory(long Peak, long Anonymous, long OfFiles)
{
    private const string Status = "/proc/self/status";

    /// <summary>
    /// The most that was allocated and resident at once, but for what files held: the kernel keeps no peak of anonymous memory alone, and
    /// pages of files that were once read stay while there is room, so that those of now were there at the peak, too.
    /// </summary>
    public long AnonymousPeak => Math.Max(Anonymous, Peak - OfFiles);

    /// <summary>Reads them.</summary>
    /// <exception cref="ConfigException">This system has no such file.</exception>
    public static ProcessMemory Now() => File.Exists(Status)
        ? Parse(File.ReadLines(Status))
        : throw new ConfigException($"There is no {Status} on this system; peaks of memory can be measured on Linux only.");

    /// <summary>RssAnon, or what .NET counts as private where there is no such file.</summary>
    public static long AnonymousNow
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return Training.Memory.ProcessMemory.AnonymousBytes() ?? process.PrivateMemorySize64;
        }
    }

    /// <summary>Reads the lines of the kernel's file.</summary>
    /// <param name="lines">Such as <c>RssAnon:   1234 kB</c>.</param>
    public static ProcessMemory Parse(IEnumerable<string> lines)
    {
        var kibibytes = lines
            .Select(line => line.Split(':', 2))
            .Where(parts => parts.Length == 2 && parts[1].EndsWith(" kB", StringComparison.Ordinal))
            .ToDictionary(
                parts => parts[0], parts => long.Parse(parts[1][..^3].Trim(), CultureInfo.InvariantCulture), StringComparer.Ordinal);
        return new ProcessMemory(
            1024 * kibibytes["VmHWM"], 1024 * kibibytes["RssAnon"], 1024 * (kibibytes["RssFile"] + kibibytes["RssShmem"]));
    }
}
