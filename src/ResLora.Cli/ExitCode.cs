namespace ResLora.Cli;

/// <summary>What the process ends with.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>A check or a run failed.</summary>
    public const int Failed = 1;

    /// <summary>Bad input or usage.</summary>
    public const int BadInput = 2;

    /// <summary>A disk is full; input and output are as good as they were.</summary>
    public const int DiskFull = 74;

    /// <summary>Our own bug.</summary>
    public const int Bug = 70;

    /// <summary>Interrupted by the user.</summary>
    public const int Interrupted = 130;
}
