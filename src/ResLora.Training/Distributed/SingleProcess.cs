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
    public bool Any(bool holds) => holds;
}
