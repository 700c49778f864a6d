using ResLora.Formats.NativeRuntime;

namespace ResLora.Training.Memory;

/// <summary>What the system says that this process takes.</summary>
public static class ProcessMemory
{
    /// <summary>
    /// Bytes of memory that belong to the process alone: no files that it has mapped. Null where the system does not say (it is Linux that
    /// does).
    /// </summary>
    /// <returns>The bytes, or null.</returns>
    public static long? AnonymousBytes() => SystemMemory.KernelBytes("/proc/self/status", "RssAnon:");
}
