using System.Runtime.InteropServices;

namespace ResLora.Tensors.NativeRuntime;

/// <summary>What libtorch reads from the environment once, when it is loaded. What the user has set stays.</summary>
internal static class LibtorchSettings
{
    /// <summary>
    /// Compiled products that are kept. Each takes 60 to 300 kB, and libtorch keeps 1,024 of them in each of two caches: a run on texts of
    /// many lengths grew by 100 to 200 MB. With 64 a run of a 10 M model took no more time (docs/experiments.md).
    /// </summary>
    private const string MostProducts = "64";

    private static readonly (string Name, string Value)[] _wanted =
    [
        // Idle threads sleep instead of spin. With spinning threads, one other busy process on the machine stretches a training step
        // several times over, because the working thread waits for a processor that a waiting one burns.
        ("OMP_WAIT_POLICY", "PASSIVE"),
        ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", MostProducts),
        ("LRU_CACHE_CAPACITY", MostProducts),
    ];

    /// <summary>Sets them for this process; to be called before libtorch is loaded.</summary>
    public static void Set()
    {
        // .NET keeps environment variables of its own on Linux, which native code does not see: hence the C library's call.
        if (OperatingSystem.IsLinux())
        {
            foreach (var (name, value) in _wanted)
            {
                _ = SetEnvironmentVariable(name, value, overwrite: 0);
            }
        }
    }

    [DllImport("libc", EntryPoint = "setenv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetEnvironmentVariable(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
}
