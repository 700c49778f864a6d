using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ResLora.Training.Distributed;

/// <summary>
/// The processes that do one job together, called ranks as in MPI. All of them make the same calls in the same order from one thread; each
/// call waits for those that it needs. To send and to receive, a process may have a thread for each of the others.
/// </summary>
public interface ICommunicator
{
    /// <summary>The process's number, from 0. Only number 0 writes.</summary>
    int Rank { get; }

    /// <summary>How many processes there are, at least 1.</summary>
    int Size { get; }

    /// <summary>The name of the host that a rank runs on.</summary>
    /// <param name="rank">The rank, from 0.</param>
    string HostOf(int rank);

    /// <summary>Whether a thing holds in one process at least: what they must agree on, such as to stop.</summary>
    /// <param name="holds">Whether it holds in this one.</param>
    /// <returns>The same in all processes.</returns>
    bool Any(bool holds);

    /// <summary>Puts the sum over all processes in place of each number; the same bits in all of them, in no particular order of
    /// adding.</summary>
    /// <param name="values">The numbers, as many in each process.</param>
    void Sum(Span<float> values);

    /// <inheritdoc cref="Sum(Span{float})"/>
    void Sum(Span<double> values);

    /// <summary>The same for numbers where a tensor has them. Without a way of its own between devices they go through the host's
    /// memory.</summary>
    /// <param name="values">Contiguous float32 on any device, of one shape in all processes; changed in place.</param>
    void Sum(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        using var host = values.device_type == DeviceType.CPU ? values.alias() : values.cpu();
        Sum(MemoryMarshal.Cast<byte, float>(host.bytes));
        if (values.device_type != DeviceType.CPU)
        {
            values.copy_(host);
        }
    }

    /// <summary>Gives all processes what one of them has.</summary>
    /// <param name="value">What it has; what the others give is not read.</param>
    /// <param name="from">Whose it is. Default 0.</param>
    /// <returns>A copy.</returns>
    byte[] Broadcast(ReadOnlySpan<byte> value, int from = 0);

    /// <summary>Gives all processes what each of them has.</summary>
    /// <param name="value">What this one has; lengths may differ.</param>
    /// <returns>One array a rank, in their order.</returns>
    IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> value);

    /// <summary>Sends bytes to one process, which must receive as many.</summary>
    /// <param name="value">The bytes.</param>
    /// <param name="to">The process.</param>
    void Send(ReadOnlySpan<byte> value, int to);

    /// <summary>Receives what one process sends.</summary>
    /// <param name="value">Is filled.</param>
    /// <param name="from">The process.</param>
    /// <param name="gently">Whether it is waited for without keeping a processor busy, which takes some milliseconds. Default false.</param>
    void Receive(Span<byte> value, int from, bool gently = false);
}
