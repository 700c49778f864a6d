using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ResLora.Formats.NativeRuntime;

/// <summary>
/// Calls of the system that .NET has no name for, or whose failure it swallows: flushes, the exchange of two names, a lock on a folder, and
/// which folder a path leads to.
/// </summary>
internal static class DiskCalls
{
    private const int Invalid = 22;
    private const int NotPermitted = 1;

    private const int ThisFolder = -100;
    private const int ExchangeNames = 2;
    private const int LockAlone = 2;
    private const int WithoutWaiting = 4;
    private const int FullFlush = 51;
    private const int LongestPath = 4096;

    // statx(2): the layout is the same on every processor.
    private const int StatusBytes = 256;
    private const uint WantInode = 0x100;
    private const int InodeAt = 32;
    private const int DeviceAt = 136;

    private static int CloseOnExec => OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;

    /// <summary>Brings a file's content to the disk itself. .NET's own flush does not tell when the disk refuses.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static void Flush(SafeFileHandle file)
    {
        if (OperatingSystem.IsWindows())
        {
            if (!FlushFileBuffers(file))
            {
                throw LastError();
            }
        }
        else if (!OperatingSystem.IsMacOS() || Control(file, FullFlush) != 0)
        {
            FlushUnix(file);
        }
    }

    /// <summary>Brings the names in a folder to the disk. Windows does so itself.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static void FlushFolder(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            using var folder = OpenFolder(path) ?? throw LastError();
            FlushUnix(folder);
        }
    }

    /// <summary>Exchanges two names in one step, so that neither is ever away.</summary>
    /// <returns>False when the system or the file system cannot do that.</returns>
    /// <exception cref="IOException">It can, and failed.</exception>
    public static bool TryExchange(string one, string other)
    {
        try
        {
            if (OperatingSystem.IsLinux() ? RenameLinux(ThisFolder, one, ThisFolder, other, ExchangeNames) == 0
                : OperatingSystem.IsMacOS() && RenameMac(one, other, ExchangeNames) == 0)
            {
                return true;
            }
        }
        catch (EntryPointNotFoundException)
        {
            return false;   // an old C library
        }

        return OperatingSystem.IsWindows() || IsMissing(Marshal.GetLastPInvokeError(), NotPermitted) ? false : throw LastError();
    }

    /// <summary>Locks a folder for this process, until the handle is closed or the process ends.</summary>
    /// <returns>The lock; null when another process holds it, or the system or the file system has no such locks.</returns>
    public static SafeFileHandle? TryLockFolder(string path)
    {
        if (OperatingSystem.IsWindows() || OpenFolder(path) is not { } folder)
        {
            return null;
        }

        if (Lock(folder, LockAlone | WithoutWaiting) == 0)
        {
            return folder;
        }

        folder.Dispose();
        return null;
    }

    /// <summary>The path without symbolic links; null when it leads nowhere, or on Windows.</summary>
    public static string? RealPath(string path)
    {
        var real = new byte[LongestPath];
        return OperatingSystem.IsWindows() || ResolvePath(path, real) == 0 ? null : Encoding.UTF8.GetString(
            real.AsSpan()[..real.AsSpan().IndexOf((byte)0)]);
    }

    /// <summary>
    /// Which file or folder a path leads to, whatever it is called there; null when it leads nowhere, or the system does not tell.
    /// </summary>
    public static (ulong Device, ulong Inode)? Identity(string path)
    {
        var status = LinuxStatus(path, WantInode);
        return status is null ? null : (BitConverter.ToUInt64(status, DeviceAt), BitConverter.ToUInt64(status, InodeAt));
    }

    /// <summary>What statx(2) says of a path, links followed; null when it leads nowhere, on another system, or with an old C
    /// library.</summary>
    internal static byte[]? LinuxStatus(string path, uint wanted)
    {
        var status = new byte[StatusBytes];
        try
        {
            return OperatingSystem.IsLinux() && Status(ThisFolder, path, 0, wanted, status) == 0 ? status : null;
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    private static SafeFileHandle? OpenFolder(string path) =>
        Open(path, CloseOnExec) is var handle and >= 0 ? new SafeFileHandle(handle, ownsHandle: true) : null;

    private static void FlushUnix(SafeFileHandle file)
    {
        const int interrupted = 4;
        while (FlushCall(file) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != interrupted)
            {
                // A file system may have nothing to flush.
                if (IsMissing(error))
                {
                    return;
                }

                throw LastError();
            }
        }
    }

    /// <summary>Whether an error says that there is no such call here, and not that it failed.</summary>
    private static bool IsMissing(int error, int also = Invalid) => error == Invalid || error == also
        || (OperatingSystem.IsMacOS() ? error is 78 or 45 or 102 : error is 38 or 95);

    private static IOException LastError()
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException(
            Marshal.GetPInvokeErrorMessage(error), OperatingSystem.IsWindows() ? Marshal.GetHRForLastWin32Error() : error);
    }

    [DllImport("kernel32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool FlushFileBuffers(SafeFileHandle file);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FlushCall(SafeFileHandle file);

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(SafeFileHandle file, int command);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Lock(SafeFileHandle file, int operation);

    [DllImport("libc", EntryPoint = "renameat2", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int RenameLinux(
        int oldFolder, [MarshalAs(UnmanagedType.LPUTF8Str)] string oldPath, int newFolder, [MarshalAs(UnmanagedType.LPUTF8Str)] string newPath, uint flags);

    [DllImport("libc", EntryPoint = "renamex_np", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int RenameMac(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string oldPath, [MarshalAs(UnmanagedType.LPUTF8Str)] string newPath, uint flags);

    [DllImport("libc", EntryPoint = "realpath", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint ResolvePath([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [Out] byte[] buffer);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Status(
        int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] status);
}
