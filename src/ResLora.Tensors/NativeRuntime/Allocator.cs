using System.Runtime.InteropServices;

namespace ResLora.Tensors.NativeRuntime;

/// <summary>
/// Keeps memory that libtorch frees in the process. The C library of most Linux systems hands large blocks back to the kernel at once, and
/// every training step then gets its activations page by page again: at 2,000 tokens a step of TinyLlama's layers took a fifth longer.
/// </summary>
public static class Allocator
{
    // From malloc.h.
    private const int LargestFastBlock = 1;
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MappingThreshold = -3;
    private const int MostMappings = -4;
    private const int MostArenas = -8;

    // From mman.h.
    private const int LargePages = 14;

    private static readonly string[] _userSettings =
        ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_ARENA_MAX"];

    private static readonly Lock _lock = new();
    private static int _returning;
    private static bool _returns;

    /// <summary>By settings of malloc, or by an allocator in its place, such as libmimalloc.</summary>
    private static bool IsChosenByUser =>
        _userSettings.Any(name => Environment.GetEnvironmentVariable(name) is not null)
        || Environment.GetEnvironmentVariable("LD_PRELOAD")?.Contains("malloc", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Whether freed memory is kept: <see cref="KeepFreedMemory"/> was set, and not its opposite since.</summary>
    public static bool KeepsFreedMemory { get; private set; }

    /// <summary>
    /// Sets the whole process so; the command line does it at its start. The process then never shrinks below its peak, which is higher,
    /// since freed blocks of one size do not always serve for another. Does nothing where the user chose settings of malloc by environment
    /// variables or preloaded another allocator, or the C library is not glibc.
    /// </summary>
    /// <returns>Whether it was set.</returns>
    public static bool KeepFreedMemory() =>
        // One heap, grown in large steps, from which nothing is mapped on its own and which is not trimmed. Small freed blocks join their
        // neighbours at once: aligned tensors leave some on both sides, which would keep the next tensor of that size from taking the
        // place.
        KeepsFreedMemory = Set(
            (MostArenas, 1), (MostMappings, 0), (TrimThreshold, int.MaxValue), (TopPad, 64 << 20), (LargestFastBlock, 0));

    /// <summary>
    /// The opposite, for a run that must stay within a limit: large blocks leave the process as soon as they are freed, which costs time.
    /// Holds while one such run lasts. Does nothing unless the process keeps freed memory: malloc belongs to the program, and a host other
    /// than our tool may need its settings unchanged.
    /// </summary>
    /// <returns>To be disposed at the end of the run; after the last one the process keeps freed memory as before.</returns>
    public static IDisposable ReturnFreedMemory()
    {
        lock (_lock)
        {
            if (_returning++ == 0 && KeepsFreedMemory)
            {
                _returns = Set((MostMappings, 1 << 20), (MappingThreshold, 128 << 10), (TrimThreshold, 128 << 10), (TopPad, 0));
                KeepsFreedMemory = !_returns;
            }
        }

        return new Returning();
    }

    /// <summary>
    /// Hands the pages of small freed blocks back, too, which lie between blocks in use. Does nothing unless
    /// <see cref="ReturnFreedMemory"/> holds. To be called between steps.
    /// </summary>
    public static void Trim()
    {
        if (_returns)
        {
            _ = ReleasePages(0);
        }
    }

    /// <summary>
    /// Grows the heap by memory that is about to be filled, and asks the kernel for it in large pages: a model of 500 MB is then some 300
    /// page faults, in place of 130 thousand. Nothing of it is touched. Does nothing unless the process keeps freed memory.
    /// </summary>
    /// <param name="bytes">How much.</param>
    public static void Expect(long bytes)
    {
        if (!KeepsFreedMemory || bytes <= 0)
        {
            return;
        }

        // The heap's top is where a block too large for every gap comes from, and where it goes back to: it is not trimmed.
        var block = Marshal.AllocHGlobal((nint)bytes);
        _ = Advise(block & -(nint)Environment.SystemPageSize, (nuint)bytes, LargePages);
        Marshal.FreeHGlobal(block);
    }

    private static bool Set(params (int Option, int Value)[] options)
    {
        if (!OperatingSystem.IsLinux() || IsChosenByUser)
        {
            return false;
        }

        try
        {
            return options.All(option => SetOption(option.Option, option.Value) != 0);
        }
        catch (EntryPointNotFoundException)
        {
            return false;   // musl
        }
    }

    private sealed class Returning : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            lock (_lock)
            {
                if (_ended++ == 0 && --_returning == 0 && _returns)
                {
                    _returns = false;
                    _ = KeepFreedMemory();
                }
            }
        }
    }

    [DllImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Advise(nint start, nuint bytes, int advice);

    [DllImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ReleasePages(nuint pad);

    [DllImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetOption(int option, int value);
}
