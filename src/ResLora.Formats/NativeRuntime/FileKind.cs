using System.Runtime.InteropServices;

namespace ResLora.Formats.NativeRuntime;

/// <summary>What lies at a path, which .NET does not tell: to open a pipe waits for its other end, and a device may never end.</summary>
internal static class FileKind
{
    // statx(2): the layout is the same on every processor.
    private const uint WantKind = 1;
    private const int ModeAt = 28;

    // stat(2) of macOS on arm64.
    private const int MacModeAt = 4;

    private const int KindBits = 0xF000;
    private const int Pipe = 0x1000;
    private const int CharacterDevice = 0x2000;
    private const int BlockDevice = 0x6000;
    private const int Socket = 0xC000;

    /// <summary>Whether a path leads to a pipe, a device or a socket; false where it leads nowhere, or the system does not tell.</summary>
    /// <param name="path">The path; a symbolic link is followed.</param>
    /// <returns>True for what is neither a file nor a folder.</returns>
    public static bool IsSpecial(string path) => (Mode(path) & KindBits) is Pipe or CharacterDevice or BlockDevice or Socket;

    private static int Mode(string path)
    {
        if (!OperatingSystem.IsMacOS())
        {
            return DiskCalls.LinuxStatus(path, WantKind) is { } found ? BitConverter.ToUInt16(found, ModeAt) : 0;
        }

        var status = new byte[256];
        return StatusMac(path, status) == 0 ? BitConverter.ToUInt16(status, MacModeAt) : 0;
    }

    [DllImport("libc", EntryPoint = "stat", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatusMac([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [Out] byte[] status);
}
