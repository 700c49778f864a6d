using System.Globalization;

namespace ResLora.EndToEnd.Tests.Support;

/// <summary>The signals that this process, and what it starts, was told to ignore: by nohup, or by a script's <c>&amp;</c>.</summary>
internal static class IgnoredSignals
{
    private const string Key = "SigIgn:";

    /// <summary>Whether a signal is ignored.</summary>
    /// <param name="signal">Its number.</param>
    /// <returns>False, too, where the system does not tell.</returns>
    public static bool Contains(int signal) => File.Exists("/proc/self/status") && File.ReadLines("/proc/self/status").Any(
        line => line.StartsWith(Key, StringComparison.Ordinal)
            && (ulong.Parse(line[Key.Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> (signal - 1) & 1) == 1);
}
