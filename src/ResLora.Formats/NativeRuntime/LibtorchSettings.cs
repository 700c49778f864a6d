using System.Runtime.InteropServices;

namespace ResLora.Formats.NativeRuntime;

/// <summary>
/// Lets libtorch's idle threads sleep instead of spin. With spinning threads, one other busy process on the machine
/// stretches a training step several times over, because the working thread waits for a processor that a waiting one burns.
/// </summary>
internal static class WaitPolicy
{
    private const string Variable = "OMP_WAIT_POLICY";

    /// <summary>Sets the policy for this process, unless the user chose one. The library reads it once, when it is loaded.</summary>
    public static void PreferSleeping()
    {
        // .NET keeps environment variables of its own on Linux, which native code does not see: hence the C library's call.
        if (OperatingSystem.IsLinux())
        {
            _ = SetEnvironmentVariable(Variable, "PASSIVE", overwrite: 0);
        }
    }

    [DllImport("libc", EntryPoint = "setenv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetEnvironmentVariable(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
}
