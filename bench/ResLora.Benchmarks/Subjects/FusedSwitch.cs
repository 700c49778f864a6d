namespace ResLora.Benchmarks.Subjects;

/// <summary>The one place that knows how the fused kernels are turned on and off for this process.</summary>
internal static class FusedSwitch
{
    /// <summary>Turns them on or off; null where this build has none.</summary>
    public static Action<bool>? Set { get; }
}
