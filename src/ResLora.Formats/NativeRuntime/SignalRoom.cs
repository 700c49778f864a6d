using System.Runtime.InteropServices;

namespace ResLora.Formats.NativeRuntime;

/// <summary>
/// More room for a thread's signals. .NET learns of a null reference by a signal, for which its threads have a stack of 12 KiB or so. Once a
/// thread has computed with AMX, the processor's state alone takes 11 KiB of that, and the signal ends the process instead of becoming an
/// exception. Used around code of others that answers damaged files with null references.
/// </summary>
public sealed class SignalRoom : IDisposable
{
    private const int Size = 64 << 10;

    private readonly StackOfSignals _before;
    private readonly nint _memory;

    private SignalRoom(nint memory, StackOfSignals before) => (_memory, _before) = (memory, before);

    /// <summary>Gives the calling thread more room until the result is disposed, which must be done on the same thread.</summary>
    /// <returns>The room; null where none is needed, which is not on Linux with Intel's or AMD's 64 bits, or where there is none.</returns>
    public static SignalRoom? Widen()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return null;
        }

        var memory = Marshal.AllocHGlobal(Size);
        if (Set(new StackOfSignals(memory, 0, Size), out var before) == 0)
        {
            return new SignalRoom(memory, before);
        }

        Marshal.FreeHGlobal(memory);
        return null;
    }

    /// <summary>Puts the thread's own room back.</summary>
    public void Dispose()
    {
        if (Set(_before, out _) == 0)
        {
            Marshal.FreeHGlobal(_memory);
        }
    }

    [DllImport("libc", EntryPoint = "sigaltstack")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Set(in StackOfSignals stack, out StackOfSignals before);

    /// <summary>stack_t of Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct StackOfSignals(nint Pointer, int Flags, nint Size);
}
