using System.Runtime.InteropServices;
using ResLora.Formats.Errors;

namespace ResLora.Training.Distributed.Mpi;

/// <summary>
/// The functions of an MPI library that we call, with its constants. The standard fixes the functions' names alone: Open MPI's handles are
/// addresses of its own objects, those of MPICH and its kin (Intel MPI, MVAPICH) are fixed numbers of its mpi.h.
/// </summary>
internal sealed unsafe class MpiLibrary
{
    /// <summary>MPI_SUCCESS.</summary>
    public const int Success = 0;

    /// <summary>MPI_THREAD_SERIALIZED: several threads may call, one at a time.</summary>
    public const int Serialized = 2;

    // Of the two families' mpi.h: the longest text that either writes.
    private const int LongestText = 8192;

    public readonly delegate* unmanaged<int*, void*, int, int*, int> InitThread;
    public readonly delegate* unmanaged<int*, int> Initialized;
    public readonly delegate* unmanaged<int> Finish;
    public readonly delegate* unmanaged<nint, int, int> Abort;
    public readonly delegate* unmanaged<nint, int*, int> CommRank;
    public readonly delegate* unmanaged<nint, int*, int> CommSize;
    public readonly delegate* unmanaged<nint, nint, int> CommSetErrhandler;
    public readonly delegate* unmanaged<nint, void*, int, nint, nint, nint, nint*, int> Iallreduce;
    public readonly delegate* unmanaged<void*, int, nint, int, nint, nint*, int> Ibcast;
    public readonly delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, nint*, int> Iallgatherv;
    public readonly delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int> Isend;
    public readonly delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int> Irecv;
    public readonly delegate* unmanaged<int, int, nint, int*, nint, int> Iprobe;
    public readonly delegate* unmanaged<nint*, int*, nint, int> Test;
    private readonly delegate* unmanaged<int, byte*, int*, int> _errorString;
    private readonly delegate* unmanaged<byte*, int*, int> _libraryVersion;

    private MpiLibrary(nint library)
    {
        nint Symbol(string name) => NativeLibrary.GetExport(library, name);
        InitThread = (delegate* unmanaged<int*, void*, int, int*, int>)Symbol("MPI_Init_thread");
        Initialized = (delegate* unmanaged<int*, int>)Symbol("MPI_Initialized");
        Finish = (delegate* unmanaged<int>)Symbol("MPI_Finalize");
        Abort = (delegate* unmanaged<nint, int, int>)Symbol("MPI_Abort");
        CommRank = (delegate* unmanaged<nint, int*, int>)Symbol("MPI_Comm_rank");
        CommSize = (delegate* unmanaged<nint, int*, int>)Symbol("MPI_Comm_size");
        CommSetErrhandler = (delegate* unmanaged<nint, nint, int>)Symbol("MPI_Comm_set_errhandler");
        Iallreduce = (delegate* unmanaged<nint, void*, int, nint, nint, nint, nint*, int>)Symbol("MPI_Iallreduce");
        Ibcast = (delegate* unmanaged<void*, int, nint, int, nint, nint*, int>)Symbol("MPI_Ibcast");
        Iallgatherv = (delegate* unmanaged<void*, int, nint, void*, int*, int*, nint, nint, nint*, int>)Symbol("MPI_Iallgatherv");
        Isend = (delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int>)Symbol("MPI_Isend");
        Irecv = (delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int>)Symbol("MPI_Irecv");
        Iprobe = (delegate* unmanaged<int, int, nint, int*, nint, int>)Symbol("MPI_Iprobe");
        Test = (delegate* unmanaged<nint*, int*, nint, int>)Symbol("MPI_Test");
        _errorString = (delegate* unmanaged<int, byte*, int*, int>)Symbol("MPI_Error_string");
        _libraryVersion = (delegate* unmanaged<byte*, int*, int>)Symbol("MPI_Get_library_version");

        if (NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out var world))
        {
            World = world;
            (Byte, Float, Double) = (Symbol("ompi_mpi_byte"), Symbol("ompi_mpi_float"), Symbol("ompi_mpi_double"));
            (AddUp, ErrorsReturn) = (Symbol("ompi_mpi_op_sum"), Symbol("ompi_mpi_errors_return"));
            (InPlace, StatusIgnore) = (1, 0);
        }
        else
        {
            World = 0x44000000;
            (Byte, Float, Double) = (0x4c00010d, 0x4c00040a, 0x4c00080b);
            (AddUp, ErrorsReturn) = (0x58000003, 0x54000001);
            (InPlace, StatusIgnore) = (-1, 1);
        }
    }

    /// <summary>MPI_COMM_WORLD.</summary>
    public nint World { get; }

    /// <summary>MPI_BYTE.</summary>
    public nint Byte { get; }

    /// <summary>MPI_FLOAT.</summary>
    public nint Float { get; }

    /// <summary>MPI_DOUBLE.</summary>
    public nint Double { get; }

    /// <summary>MPI_SUM.</summary>
    public nint AddUp { get; }

    /// <summary>MPI_ERRORS_RETURN.</summary>
    public nint ErrorsReturn { get; }

    /// <summary>MPI_IN_PLACE.</summary>
    public nint InPlace { get; }

    /// <summary>MPI_STATUS_IGNORE.</summary>
    public nint StatusIgnore { get; }

    /// <summary>The library's name and version, one line.</summary>
    public string Version => Text((text, length) => _libraryVersion(text, length)).Split('\n')[0].Trim();

    /// <summary>Loads the library that goes with the launcher.</summary>
    /// <param name="launcher">Who started this process.</param>
    /// <exception cref="ConfigException">It is not there.</exception>
    public static MpiLibrary Load(MpiLauncher launcher)
    {
        foreach (var name in launcher.Libraries)
        {
            if (NativeLibrary.TryLoad(name, out var library))
            {
                return new MpiLibrary(library);
            }
        }

        throw new ConfigException(
            $"This process was started by {launcher.Name}, and its library ({string.Join(" or ", launcher.Libraries)}) cannot be loaded; "
            + $"install it on every host ({launcher.Package}), or name its file in {MpiLauncher.LibraryVariable}.");
    }

    /// <summary>Refuses a call that failed.</summary>
    /// <param name="code">What it returned.</param>
    /// <param name="call">What was asked for, such as <c>add up gradients</c>.</param>
    /// <exception cref="RanksException">It failed.</exception>
    public void Require(int code, string call)
    {
        if (code != Success)
        {
            throw new RanksException($"MPI could not {call}: {Text((text, length) => _errorString(code, text, length))}");
        }
    }

    private delegate int Writer(byte* text, int* length);

    private static string Text(Writer write)
    {
        var text = stackalloc byte[LongestText];
        var length = 0;
        _ = write(text, &length);
        return Marshal.PtrToStringUTF8((nint)text, length);
    }
}
