using System.Runtime.InteropServices;

namespace ResLora.Formats.NativeRuntime;

/// <summary>
/// Keeps memory that libtorch frees in the process. The C library of most Linux systems hands large blocks back to the kernel at once, and every
/// training step then gets its activations page by page again: at 2,000 tokens a step of TinyLlama's layers took a fifth longer.
/// </summary>
public static class Allocator
{
    // From malloc.h.
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MostMappings = -4;
    private const int MostArenas = -8;

    private const int HeapStep = 64 << 20;

    private static readonly string[] _userSettings = ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_ARENA_MAX"];

    /// <summary>
    /// Sets the whole process so; the command line does it at its start. The process then never shrinks below its peak. Does nothing where the
    /// user chose settings of malloc by environment variables, or the C library is not glibc.
    /// </summary>
    /// <returns>Whether it was set.</returns>
    public static bool KeepFreedMemory()
    {
        if (!OperatingSystem.IsLinux() || _userSettings.Any(name => Environment.GetEnvironmentVariable(name) is not null))
        {
            return false;
        }

        try
        {
            // One heap, grown in large steps, from which nothing is mapped on its own and which is not trimmed.
            return SetOption(MostArenas, 1) != 0 && SetOption(MostMappings, 0) != 0
                && SetOption(TrimThreshold, int.MaxValue) != 0 && SetOption(TopPad, HeapStep) != 0;
        }
        catch (EntryPointNotFoundException)
        {
            return false;   // musl
        }
    }

    [DllImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetOption(int option, int value);
}
