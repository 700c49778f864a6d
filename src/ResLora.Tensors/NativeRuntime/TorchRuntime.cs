using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using ResLora.Formats.Errors;
using TorchSharp;

namespace ResLora.Tensors.NativeRuntime;

/// <summary>
/// Makes TorchSharp's native library load on Linux hosts whose libstdc++ is older than GCC 13.2's (Debian 12, Ubuntu
/// 22.04, RHEL 9).
/// </summary>
/// <remarks>
/// Where the runtime fails to load the library, <see cref="TorchLibraryLoader"/> loads a <see cref="CompatibilityCopy"/>
/// in its place. Nothing happens on other systems, on newer hosts, or before TorchSharp is first used.
/// </remarks>
public static class TorchRuntime
{
    private const string ImportName = "LibTorchSharp";
    private const string LibraryName = "libLibTorchSharp.so";

    private static readonly Lazy<(nint Handle, TorchRuntimeStatus Status)> _loaded = new(Load);
    private static int _registered;

    /// <summary>What was done to make TorchSharp loadable; the first access loads the native libraries.</summary>
    public static TorchRuntimeStatus Status => _loaded.Value.Status;

    /// <summary>
    /// Offers the compatibility copy to the runtime for the case that it cannot load TorchSharp's native library; costs
    /// nothing until then. Runs by itself as soon as code of any ResLora assembly runs; a program that touches TorchSharp
    /// before that calls it first.
    /// </summary>
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "TorchSharp's first use must find the hook, whichever type of the library comes first.")]
    public static void Register()
    {
        if (OperatingSystem.IsLinux() && Interlocked.Exchange(ref _registered, 1) == 0)
        {
            LibtorchSettings.Set();
            var context = AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly) ?? AssemblyLoadContext.Default;
            context.ResolvingUnmanagedDll += (_, name) => name == ImportName ? Resolve(_loaded.Value) : 0;
        }
    }

    /// <summary>
    /// Loads TorchSharp's native libraries now, by way of the compatibility copy where the host needs it. Idempotent and
    /// thread-safe; never throws for a library that cannot be loaded: see <see cref="ThrowIfUnusable"/>.
    /// </summary>
    public static void EnsureLoaded() => _ = _loaded.Value;

    /// <summary>Loads like <see cref="EnsureLoaded"/> and reports a failure in one sentence instead of TorchSharp's long trace.</summary>
    /// <exception cref="ConfigException">TorchSharp's native library cannot be loaded on this machine.</exception>
    public static void ThrowIfUnusable()
    {
        if (Status.Problem is { } problem)
        {
            throw new ConfigException(problem);
        }
    }

    /// <summary>The runtime asks only when all else has failed: a sentence is better than its list of folders.</summary>
    private static nint Resolve((nint Handle, TorchRuntimeStatus Status) loaded) => loaded.Handle != 0
        ? loaded.Handle
        : throw new ConfigException(loaded.Status.Problem ?? TorchLibraryLoader.NoTorch);

    private static (nint, TorchRuntimeStatus) Load()
    {
        if (!OperatingSystem.IsLinux() || FindLibrary(LibraryName) is not { } library)
        {
            return (0, new TorchRuntimeStatus(false, null, "TorchSharp finds its native libraries by itself."));
        }

        // By path and in the order of their needs: the copy lies elsewhere, so its own search path would not find them.
        foreach (var name in new[] { "libc10.so", "libtorch_cpu.so", "libtorch.so" })
        {
            if (FindLibrary(name) is { } dependency)
            {
                NativeLibrary.TryLoad(dependency, out _);
            }
        }

        var loaded = TorchLibraryLoader.Load(library, CompatibilityCopy.DefaultFolder());
        if (loaded.Status.CompatibilityCopyInUse)
        {
            ResolveImports(loaded.Handle);
        }

        return loaded;
    }

    // Without this every single import would first search the folders and try the original in vain.
    private static void ResolveImports(nint handle)
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(torch).Assembly, (name, _, _) => name == ImportName ? handle : 0);
        }
        catch (InvalidOperationException)
        {
            // The program has a resolver of its own: the search is slower, but ends at the copy all the same.
        }
    }

    private static string? FindLibrary(string name) =>
        SearchFolders().Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static IEnumerable<string> SearchFolders()
    {
        // Not RuntimeInformation.RuntimeIdentifier: a distribution's own build of .NET answers with the distribution's name.
        var architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        yield return Path.Combine(AppContext.BaseDirectory, "runtimes", $"linux-{architecture}", "native");
        yield return AppContext.BaseDirectory;
        var hostFolders = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        foreach (var folder in hostFolders.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            yield return folder;
        }
    }
}
