using System.Runtime.InteropServices;
using System.Text;
using ResLora.Formats.Errors;

namespace ResLora.Training.Distributed.Nccl;

/// <summary>
/// A device as CUDA's driver knows it: NCCL works on the one that is current, which TorchSharp cannot set. The driver's library has one
/// name everywhere, other than the runtime's.
/// </summary>
/// <remarks>Not tested: written without a GPU at hand.</remarks>
internal sealed unsafe class CudaDriver
{
    private const int Success = 0, NotReady = 600;   // CUDA_SUCCESS, CUDA_ERROR_NOT_READY

    /// <summary>The legacy default stream, on which libtorch computes unless it is told otherwise, which TorchSharp cannot.</summary>
    public const nint DefaultStream = 0;

    private const int LongestName = 64;

    private readonly delegate* unmanaged<nint, int> _setCurrent;
    private readonly delegate* unmanaged<nint, int> _query;
    private readonly nint _context;

    /// <summary>Takes a device.</summary>
    /// <param name="number">Its number, as libtorch counts.</param>
    /// <exception cref="ConfigException">The driver cannot be used.</exception>
    public CudaDriver(int number)
    {
        if (!NativeLibrary.TryLoad("libcuda.so.1", out var library))
        {
            throw new ConfigException("CUDA's driver (libcuda.so.1) cannot be loaded");
        }

        nint Symbol(string name) => NativeLibrary.GetExport(library, name);
        var getDevice = (delegate* unmanaged<int*, int, int>)Symbol("cuDeviceGet");
        var getBusId = (delegate* unmanaged<byte*, int, int, int>)Symbol("cuDeviceGetPCIBusId");
        var retain = (delegate* unmanaged<nint*, int, int>)Symbol("cuDevicePrimaryCtxRetain");
        _setCurrent = (delegate* unmanaged<nint, int>)Symbol("cuCtxSetCurrent");
        _query = (delegate* unmanaged<nint, int>)Symbol("cuStreamQuery");

        int device;
        var name = stackalloc byte[LongestName];
        nint context;
        Require(getDevice(&device, number));
        Require(getBusId(name, LongestName, device));
        Require(retain(&context, device));
        (BusId, _context) = (Encoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)), context);

        static void Require(int code)
        {
            if (code != Success)
            {
                throw new ConfigException($"CUDA's driver refuses the GPU (error {code})");
            }
        }
    }

    /// <summary>Where the device is on its host, whatever number it has in a process.</summary>
    public string BusId { get; }

    /// <summary>Makes the device the current one of this thread.</summary>
    /// <exception cref="RanksException">It has failed.</exception>
    public void Use() => Require(_setCurrent(_context));

    /// <summary>Whether the device has done what it was given.</summary>
    /// <exception cref="RanksException">It has failed.</exception>
    public bool IsDone()
    {
        var code = _query(DefaultStream);
        return code != NotReady && Require(code);
    }

    private static bool Require(int code) =>
        code == Success ? true : throw new RanksException($"The GPU failed while gradients were added up (CUDA error {code}).");
}
