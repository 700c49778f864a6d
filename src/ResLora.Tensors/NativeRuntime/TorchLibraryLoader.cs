using System.Runtime.InteropServices;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Tensors.NativeRuntime;

/// <summary>Loads TorchSharp's native library on Linux, itself or, where libstdc++ is too old for it, its patched copy.</summary>
/// <remarks>
/// The dynamic loader itself is asked whether the host will do: no guess from version numbers can be as right as its answer.
/// </remarks>
public static class TorchLibraryLoader
{
    /// <summary>
    /// The symbol version, of GCC 13.2, that the library needs for a marker only: nothing of that version is ever called.
    /// </summary>
    public const string MarkerVersion = "GLIBCXX_3.4.32";

    /// <summary>What a program is told that references ResLora and no native libtorch.</summary>
    internal const string NoTorch = "There is no libtorch beside this program: add one of the packages libtorch-cpu-linux-x64, "
        + "TorchSharp-cpu and TorchSharp-cuda-linux to the project that runs.";

    private const string Need = $"This system's libstdc++ lacks {MarkerVersion}, so TorchSharp needs a patched copy of its native library";

    /// <summary>Loads the library; never throws for one that cannot be loaded or patched.</summary>
    /// <param name="library">The path of libLibTorchSharp.so, whose own dependencies are loaded already or lie beside it.</param>
    /// <param name="cacheFolder">Where a patched copy goes, see <see cref="CompatibilityCopy.Ensure"/>; null when there is no such
    /// place.</param>
    /// <returns>The library's handle, 0 if it could not be loaded, and what was done.</returns>
    public static (nint Handle, TorchRuntimeStatus Status) Load(string library, string? cacheFolder)
    {
        try
        {
            return (
                NativeLibrary.Load(library),
                new TorchRuntimeStatus(false, library, $"TorchSharp's native library was loaded from {library}."));
        }
        catch (DllNotFoundException exception) when (exception.Message.Contains(MarkerVersion, StringComparison.Ordinal))
        {
            return LoadCopy(library, cacheFolder);
        }
        catch (DllNotFoundException exception) when (LoaderMessage(exception).StartsWith("libtorch", StringComparison.Ordinal))
        {
            return Failure(NoTorch);
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            return Failure($"TorchSharp's native library cannot be loaded: {LoaderMessage(exception)}.");
        }
    }

    private static (nint, TorchRuntimeStatus) LoadCopy(string library, string? folder)
    {
        if (folder is null)
        {
            return Failure($"{Need}, but there is no home folder to keep it in: set {UserCache.Variable} to a writable folder.");
        }

        try
        {
            var copy = CompatibilityCopy.Ensure(library, MarkerVersion, folder);
            var message = $"This system's libstdc++ lacks {MarkerVersion}: TorchSharp runs from the patched copy {copy}.";
            return (NativeLibrary.Load(copy), new TorchRuntimeStatus(true, copy, message));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Failure(
                $"{Need}, but {folder} cannot be used ({exception.Message.TrimEnd('.')}): set {UserCache.Variable} to a writable folder.");
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            return Failure($"{Need}, but the copy does not load ({LoaderMessage(exception)}): if programs may not run from {folder}, set {UserCache.Variable} to another folder.");
        }
        catch (FileFormatException exception)
        {
            return Failure($"{Need}, but {library} cannot be patched: {exception.Message}");
        }
    }

    private static (nint, TorchRuntimeStatus) Failure(string problem) => (0, new TorchRuntimeStatus(false, null, problem, problem));

    // .NET puts general advice first; what the dynamic loader said is the last line.
    private static string LoaderMessage(Exception exception) =>
        exception.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^1].TrimEnd('.');
}
