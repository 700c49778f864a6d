using System.Runtime.InteropServices;
using ResLora.Cli;
using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests;

public sealed class InterruptSourceTests
{
    // Not Ctrl-C's: whoever runs the tests listens to that one.
    private const int HangUp = 1;

    [Fact]
    public void Instead_WhileOpen_TakesEverySignalAndThenStopsAgain()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "signals are sent through Linux's C library here");
        Assert.SkipWhen(IgnoredSignals.Contains(HangUp), "this process was started with the signal ignored");
        using var interrupt = new InterruptSource();
        using var taken = new SemaphoreSlim(0);

        using (interrupt.Instead(() => taken.Release()))
        {
            Send();
            Assert.True(taken.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
            Send();
            Assert.True(taken.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
            Assert.False(interrupt.Token.IsCancellationRequested);
        }

        Send();
        Assert.True(interrupt.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(30)));
        Assert.Equal(0, taken.CurrentCount);
    }

    private static void Send() => Assert.Equal(0, Kill(Environment.ProcessId, HangUp));

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
