using static TorchSharp.torch;

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
    public void Sum(Tensor tensor)
    {
    }

    /// <inheritdoc />
    public bool Any(bool holds) => holds;

    /// <inheritdoc />
    public void Barrier()
    {
    }
}
