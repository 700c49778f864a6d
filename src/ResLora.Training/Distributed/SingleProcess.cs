namespace ResLora.Training.Distributed;

/// <summary>A run of one process, which agrees with itself.</summary>
public sealed class SingleProcess : ICommunicator
{
    /// <summary>The one that is needed.</summary>
    public static SingleProcess Instance { get; } = new();

    private SingleProcess()
    {
    }

    /// <inheritdoc />
    public int Rank => 0;

    /// <inheritdoc />
    public int Size => 1;

    /// <inheritdoc />
    public string HostOf(int rank) => Environment.MachineName;

    /// <inheritdoc />
    public bool Any(bool holds) => holds;

    /// <inheritdoc />
    public void Sum(Span<float> values)
    {
    }

    /// <inheritdoc />
    public void Sum(Span<double> values)
    {
    }

    /// <inheritdoc />
    public byte[] Broadcast(ReadOnlySpan<byte> value, int from = 0) => value.ToArray();

    /// <inheritdoc />
    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> value) => [value.ToArray()];

    /// <summary>There is no other process.</summary>
    /// <param name="value">Not read.</param>
    /// <param name="to">Not read.</param>
    /// <exception cref="InvalidOperationException">Always.</exception>
    public void Send(ReadOnlySpan<byte> value, int to) => throw new InvalidOperationException("One process has nobody to send to.");

    /// <summary>There is no other process.</summary>
    /// <param name="value">Not read.</param>
    /// <param name="from">Not read.</param>
    /// <param name="gently">Not read.</param>
    /// <exception cref="InvalidOperationException">Always.</exception>
    public void Receive(Span<byte> value, int from, bool gently = false) => throw new InvalidOperationException("One process has nobody to receive from.");
}
