using ResLora.Training.Distributed;

namespace ResLora.Tests.Training.Distributed.Pipeline;

/// <summary>Ranks whose messages block the sender until they are received, as large ones of MPI may; two that send to each other fail.</summary>
/// <param name="ranks">The ranks.</param>
internal sealed class Rendezvous(ICommunicator ranks) : ICommunicator
{
    private static readonly byte[] _received = [0xA5];

    /// <summary>Called once something was sent, with the receiver and the length.</summary>
    public Action<int, int> Sent { get; init; } = (_, _) => { };

    public int Rank => ranks.Rank;

    public int Size => ranks.Size;

    public string HostOf(int rank) => ranks.HostOf(rank);

    public bool Any(bool holds) => ranks.Any(holds);

    public void Sum(Span<float> values) => ranks.Sum(values);

    public void Sum(Span<double> values) => ranks.Sum(values);

    public byte[] Broadcast(ReadOnlySpan<byte> value, int from = 0) => ranks.Broadcast(value, from);

    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> value) => ranks.Gather(value);

    public void Send(ReadOnlySpan<byte> value, int to)
    {
        ranks.Send(value, to);
        var answer = new byte[1];
        ranks.Receive(answer, to);
        if (answer[0] != _received[0])
        {
            throw new InvalidOperationException($"Ranks {Rank} and {to} send to each other.");
        }

        Sent(to, value.Length);
    }

    public void Receive(Span<byte> value, int from, bool gently = false)
    {
        ranks.Receive(value, from, gently);
        ranks.Send(_received, from);
    }
}
