using ResLora.Formats.Errors;
using TorchSharp;
using static TorchSharp.torch;

namespace ResLora.Training.Distributed.Nccl;

/// <summary>Ranks whose GPUs add tensors up among themselves, by NCCL; everything else goes the way that they have already.</summary>
/// <param name="ranks">That way, borrowed.</param>
/// <param name="gpus">The GPUs.</param>
internal sealed class NcclCommunicator(ICommunicator ranks, NcclGroup gpus) : ICommunicator
{
    /// <inheritdoc />
    public int Rank => ranks.Rank;

    /// <inheritdoc />
    public int Size => ranks.Size;

    /// <summary>Lets ranks add up by NCCL where they can. All of them call this.</summary>
    /// <param name="ranks">The ranks, borrowed.</param>
    /// <param name="device">Where this one's model is.</param>
    /// <param name="patience">How long a sum may take.</param>
    /// <param name="tell">Is told, in all ranks with a GPU, why these do not use NCCL: once, a sentence.</param>
    /// <returns>The ranks with NCCL; else <paramref name="ranks"/>, whose sums go through the host's memory.</returns>
    /// <exception cref="RanksException">NCCL fails, or another rank does not come.</exception>
    public static ICommunicator Over(ICommunicator ranks, Device device, TimeSpan patience, Action<string> tell) =>
        Over(ranks, device, patience, tell, NcclLibrary.UsualFiles);

    /// <summary>As the other overload, with the files that NCCL may be in.</summary>
    internal static ICommunicator Over(
        ICommunicator ranks, Device device, TimeSpan patience, Action<string> tell, IReadOnlyList<string> files)
    {
        if (ranks.Size == 1)
        {
            return ranks;
        }

        var isOnGpu = device.type == DeviceType.CUDA;
        var (nccl, gpu, problem) = isOnGpu ? Open(device, files) : (null, null, "its model is not on a GPU");
        var reason = NcclPlace.WhyNot(ranks.GatherJson(new NcclPlace(ranks.HostOf(ranks.Rank), gpu?.BusId, problem)));
        if (reason is null)
        {
            return new NcclCommunicator(ranks, new NcclGroup(ranks, nccl!, gpu!, patience));
        }

        if (isOnGpu)
        {
            tell($"GPUs add up through the hosts' memory, not by NCCL: {reason}.");
        }

        return ranks;
    }

    /// <inheritdoc />
    public string HostOf(int rank) => ranks.HostOf(rank);

    /// <inheritdoc />
    public bool Any(bool holds) => ranks.Any(holds);

    /// <inheritdoc />
    public void Sum(Span<float> values) => ranks.Sum(values);

    /// <inheritdoc />
    public void Sum(Span<double> values) => ranks.Sum(values);

    /// <inheritdoc />
    public void Sum(Tensor values)
    {
        if (values.device_type == DeviceType.CUDA)
        {
            gpus.Sum(values);
        }
        else
        {
            ranks.Sum(values);
        }
    }

    /// <inheritdoc />
    public byte[] Broadcast(ReadOnlySpan<byte> value, int from = 0) => ranks.Broadcast(value, from);

    /// <inheritdoc />
    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> value) => ranks.Gather(value);

    /// <inheritdoc />
    public void Send(ReadOnlySpan<byte> value, int to) => ranks.Send(value, to);

    /// <inheritdoc />
    public void Receive(Span<byte> value, int from, bool gently = false) => ranks.Receive(value, from, gently);

    /// <summary>All ranks are done with the GPUs.</summary>
    public void Leave() => gpus.Leave();

    private static (NcclLibrary? Nccl, CudaDriver? Gpu, string? Problem) Open(Device device, IReadOnlyList<string> files)
    {
        try
        {
            return (NcclLibrary.Load(files), new CudaDriver(device.index), null);
        }
        catch (ConfigException error)
        {
            return (null, null, error.Message);
        }
    }
}
