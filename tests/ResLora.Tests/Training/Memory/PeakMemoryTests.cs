using ResLora.Training.Memory;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Memory;

public sealed class PeakMemoryTests
{
    private const long Bytes = 256_000_000;

    [Fact]
    public void Most_TensorThatCameAndWent_IsRemembered()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux says how much memory is a process' own.");
        using var watch = new PeakMemory();

        using (ones(Bytes / 4))
        {
            // Long enough for several looks of the watcher.
            Thread.Sleep(200);
        }

        // Half of it leaves room for what the garbage collector gives back meanwhile.
        Assert.True(watch.Most - watch.Start > Bytes / 2, $"{watch.Start} to {watch.Most}");
        Assert.True(ProcessMemory.AnonymousBytes() < watch.Most);
    }
}
