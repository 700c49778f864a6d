using System.Runtime.InteropServices;
using ResLora.Formats.Errors;

namespace ResLora.Training.Distributed.Nccl;

/// <summary>The functions of NCCL that we call, with the numbers of its nccl.h.</summary>
/// <remarks>
/// libtorch's packages for Linux have no file of NCCL: it is within libtorch_cuda.so, whose public symbols it is among. A library that is
/// installed comes first. Not tested: written without a GPU at hand.
/// </remarks>
internal sealed unsafe class NcclLibrary
{
    /// <summary>Names the library's file where it has another name.</summary>
    public const string Variable = "RESLORA_NCCL";

    /// <summary>ncclSuccess.</summary>
    public const int Success = 0;

    /// <summary>ncclInProgress.</summary>
    public const int InProgress = 7;

    /// <summary>ncclFloat32.</summary>
    public const int Float32 = 7;

    /// <summary>ncclSum.</summary>
    public const int AddUp = 0;

    public readonly delegate* unmanaged<NcclId*, int> GetUniqueId;
    public readonly delegate* unmanaged<nint*, int, NcclId, int, int> CommInitRank;
    public readonly delegate* unmanaged<void*, void*, nuint, int, int, nint, nint, int> AllReduce;
    public readonly delegate* unmanaged<nint, int*, int> CommGetAsyncError;
    public readonly delegate* unmanaged<nint, int> CommDestroy;
    public readonly delegate* unmanaged<nint, int> CommAbort;
    private readonly delegate* unmanaged<int, byte*> _getErrorString;

    private NcclLibrary(nint library)
    {
        nint Symbol(string name) => NativeLibrary.GetExport(library, name);
        GetUniqueId = (delegate* unmanaged<NcclId*, int>)Symbol("ncclGetUniqueId");
        CommInitRank = (delegate* unmanaged<nint*, int, NcclId, int, int>)Symbol("ncclCommInitRank");
        AllReduce = (delegate* unmanaged<void*, void*, nuint, int, int, nint, nint, int>)Symbol("ncclAllReduce");
        CommGetAsyncError = (delegate* unmanaged<nint, int*, int>)Symbol("ncclCommGetAsyncError");
        CommDestroy = (delegate* unmanaged<nint, int>)Symbol("ncclCommDestroy");
        CommAbort = (delegate* unmanaged<nint, int>)Symbol("ncclCommAbort");
        _getErrorString = (delegate* unmanaged<int, byte*>)Symbol("ncclGetErrorString");
    }

    /// <summary>The files that the library may be in, the likeliest first.</summary>
    public static IReadOnlyList<string> UsualFiles =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } file ? [file] : ["libnccl.so.2", "libtorch_cuda.so"];

    /// <summary>Loads the library.</summary>
    /// <param name="files">The files that it may be in.</param>
    /// <exception cref="ConfigException">It is in none of them.</exception>
    public static NcclLibrary Load(IReadOnlyList<string> files)
    {
        foreach (var file in files)
        {
            if (NativeLibrary.TryLoad(file, out var library) && NativeLibrary.TryGetExport(library, "ncclAllReduce", out _))
            {
                return new NcclLibrary(library);
            }
        }

        throw new ConfigException(
            $"NCCL cannot be loaded ({string.Join(" or ", files)}); install it (apt-get install libnccl2), or name its file in {Variable}");
    }

    /// <summary>Refuses a call that failed.</summary>
    /// <param name="code">What it returned.</param>
    /// <param name="call">What was asked for, such as <c>add up gradients</c>.</param>
    /// <exception cref="RanksException">It failed.</exception>
    public void Require(int code, string call)
    {
        if (code != Success)
        {
            var reason = Marshal.PtrToStringUTF8((nint)_getErrorString(code));
            throw new RanksException($"NCCL could not {call}: {reason}. NCCL_DEBUG=INFO tells more.");
        }
    }
}
