using System.Runtime.InteropServices;

namespace ResLora.Cli;

/// <summary>
/// Turns Ctrl-C, Ctrl-\, a request to terminate and the loss of the terminal into cancellation, once: the second of them ends the process
/// at once. A signal that the process was started to ignore, as <c>nohup</c> does, stays ignored.
/// </summary>
internal sealed class InterruptSource : IDisposable
{
    private static readonly PosixSignal[] _signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;

    public InterruptSource() => _registrations = [.. _signals.Select(signal => PosixSignalRegistration.Create(signal, Handle))];

    /// <summary>Cancelled when the user asks to stop.</summary>
    public CancellationToken Token => _source.Token;

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
        if (!_source.IsCancellationRequested)
        {
            context.Cancel = true;
            _source.Cancel();
        }
    }
}
