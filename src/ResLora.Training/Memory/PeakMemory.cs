namespace ResLora.Training.Memory;

/// <summary>
/// Watches the memory of the process from a thread of its own and remembers the most. A peak shorter than the interval may escape it, but a
/// run has its peak in every step.
/// </summary>
public sealed class PeakMemory : IDisposable
{
    private const int IntervalMilliseconds = 10;

    private readonly ManualResetEventSlim _end = new();
    private readonly Thread? _watcher;
    private long _most;

    /// <summary>Begins to watch; does nothing where the system does not say what a process takes.</summary>
    public PeakMemory()
    {
        if (ProcessMemory.AnonymousBytes() is { } now)
        {
            (Start, _most) = (now, now);
            _watcher = new Thread(Watch) { IsBackground = true, Name = nameof(PeakMemory) };
            _watcher.Start();
        }
    }

    /// <summary>Bytes at the beginning; null where nobody says.</summary>
    public long? Start { get; }

    /// <summary>The most bytes seen so far; null where nobody says.</summary>
    public long? Most => _watcher is null ? null : Interlocked.Read(ref _most);

    /// <summary>Ends watching.</summary>
    public void Dispose()
    {
        _end.Set();
        _watcher?.Join();
        _end.Dispose();
    }

    private void Watch()
    {
        do
        {
            Interlocked.Exchange(ref _most, Math.Max(_most, ProcessMemory.AnonymousBytes() ?? 0));
        }
        while (!_end.Wait(IntervalMilliseconds));
    }
}
