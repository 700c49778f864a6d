using System.Runtime.InteropServices;

namespace ResLora.Cli;

/// <summary>
/// Turns Ctrl-C, Ctrl-\, a request to terminate, the loss of the terminal and, on Linux, SIGUSR1 (which batch systems send before a job's
/// time is over) into cancellation, once: the second of them ends the process at once. A signal that the process was started to ignore, as <c>nohup</c> does, stays ignored.
/// </summary>
internal sealed class InterruptSource : IDisposable
{
    // By Linux's number: .NET has no name for it.
    private const PosixSignal User1 = (PosixSignal)10;

    private static readonly PosixSignal[] _signals =
    [
        PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT, .. OperatingSystem.IsLinux() ? [User1] : Array.Empty<PosixSignal>(),
    ];

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private volatile Action? _instead;

    public InterruptSource() => _registrations = [.. _signals.Select(signal => PosixSignalRegistration.Create(signal, Handle))];

    /// <summary>Cancelled when the user asks to stop.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Has a signal do something else while it is open, however often it comes.</summary>
    /// <param name="action">What; runs on another thread.</param>
    /// <returns>To be disposed when signals stop the command again.</returns>
    public IDisposable Instead(Action action)
    {
        _instead = action;
        return new Detour(this);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (_instead is { } action)
        {
            context.Cancel = true;
            action();
            return;
        }

        if (!_source.IsCancellationRequested)
        {
            context.Cancel = true;
            _source.Cancel();
        }
    }

    private sealed class Detour(InterruptSource source) : IDisposable
    {
        public void Dispose() => source._instead = null;
    }
}
