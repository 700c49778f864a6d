using System.Diagnostics;
using System.Globalization;
using ResLora.Tensors.NativeRuntime;
using static TorchSharp.torch;

namespace ResLora.Training.Distributed.Nccl;

/// <summary>The GPUs of ranks, one each, which add tensors up among themselves.</summary>
/// <remarks>
/// Not tested: written without a GPU at hand. Simple before fast: the ranks meet by their other way before each sum, so that one that is
/// missing is named there, and each sum is waited for.
/// </remarks>
internal sealed unsafe class NcclGroup
{
    /// <summary>Where a wait stops to ask without a pause.</summary>
    private static readonly TimeSpan _spinning = TimeSpan.FromMilliseconds(50);

    private readonly ICommunicator _ranks;
    private readonly NcclLibrary _nccl;
    private readonly CudaDriver _gpu;
    private readonly TimeSpan _patience;
    private readonly nint _communicator;

    /// <summary>Joins the others, all of which do so, too.</summary>
    /// <param name="ranks">The ranks, borrowed.</param>
    /// <param name="nccl">The library.</param>
    /// <param name="gpu">This rank's GPU; no two ranks have the same one.</param>
    /// <param name="patience">How long joining, or a sum, may take.</param>
    /// <exception cref="RanksException">NCCL fails, or another rank does not come.</exception>
    public NcclGroup(ICommunicator ranks, NcclLibrary nccl, CudaDriver gpu, TimeSpan patience)
    {
        (_ranks, _nccl, _gpu, _patience) = (ranks, nccl, gpu, patience);
        var id = NcclId.Of(ranks.Broadcast(ranks.Rank == 0 ? NewId().ToBytes() : []));
        ranks.Any(false);

        // In there NCCL waits for the others without an end.
        var joining = Task.Run(() =>
        {
            nint communicator;
            gpu.Use();
            nccl.Require(nccl.CommInitRank(&communicator, ranks.Size, id, ranks.Rank), "join the ranks");
            return communicator;
        });
        _communicator = Task.WaitAny([joining], patience) == 0 ? joining.GetAwaiter().GetResult() : throw Late("to join the others");
    }

    /// <summary>Puts the sum over all ranks in place of each number.</summary>
    /// <param name="values">Contiguous float32 on this rank's GPU, as many in each rank.</param>
    /// <exception cref="RanksException">NCCL or a GPU fails, or another rank does not come.</exception>
    public void Sum(Tensor values)
    {
        if (values.dtype != float32 || !values.is_contiguous())
        {
            throw new ArgumentException("Only contiguous float32 is added up.", nameof(values));
        }

        _ranks.Any(false);
        _gpu.Use();
        var numbers = (void*)TensorAddress.Of(values);
        _nccl.Require(
            _nccl.AllReduce(
                numbers, numbers, (nuint)values.numel(), NcclLibrary.Float32, NcclLibrary.AddUp, _communicator, CudaDriver.DefaultStream),
            "add up gradients");
        Wait();
    }

    /// <summary>
    /// Frees what NCCL has, when all ranks are done: it waits for those of a host. After a failure nobody calls this, since the process
    /// ends.
    /// </summary>
    public void Leave()
    {
        _ranks.Any(false);
        _gpu.Use();
        _ = _nccl.CommDestroy(_communicator);
    }

    private NcclId NewId()
    {
        NcclId id;
        _nccl.Require(_nccl.GetUniqueId(&id), "begin");
        return id;
    }

    /// <summary>Waits until the GPU has the sum.</summary>
    private void Wait()
    {
        var began = Stopwatch.GetTimestamp();
        while (!_gpu.IsDone())
        {
            int state;
            _nccl.Require(_nccl.CommGetAsyncError(_communicator, &state), "say how it is");
            var waited = Stopwatch.GetElapsedTime(began);
            var failed = state is not (NcclLibrary.Success or NcclLibrary.InProgress);
            if (failed || waited > _patience)
            {
                _ = _nccl.CommAbort(_communicator);
                _nccl.Require(failed ? state : NcclLibrary.Success, "add up gradients");
                throw Late("to add up gradients");
            }

            if (waited < _spinning)
            {
                Thread.SpinWait(20);
            }
            else
            {
                Thread.Sleep(1);
            }
        }
    }

    /// <summary>All had come just before: it is no rank that can be named.</summary>
    private RanksException Late(string purpose) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"No answer for {_patience.TotalSeconds:0.#} s by NCCL, while rank {_ranks.Rank} on {_ranks.HostOf(_ranks.Rank)} waited ")
        + $"{purpose}: all ranks had come, so that a GPU hangs, or the network between GPUs. NCCL_DEBUG=INFO tells more. "
        + "What was saved before is kept.");
}
