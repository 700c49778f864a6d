using ResLora.Formats.NativeRuntime;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Formats.NativeRuntime;

public sealed class SystemMemoryTests
{
    [Theory]
    [InlineData("Free:  12 kB\nRssAnon:\t    1234 kB\n", 1234L * 1024)]
    [InlineData("RssAnonymous: 1 kB\n", null)]
    [InlineData("RssAnon: many kB\n", null)]
    [InlineData("RssAnon: -3 kB\n", null)]
    [InlineData("", null)]
    public void KernelBytes_AFile_IsTheLineOfTheKey(string text, long? expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux tells sizes so.");
        using var folder = new TemporaryFolder();

        Assert.Equal(expected, SystemMemory.KernelBytes(folder.Write("status", text), "RssAnon:"));
    }

    [Fact]
    public void KernelBytes_NoFile_IsNull() => Assert.Null(SystemMemory.KernelBytes("/proc/self/none", "RssAnon:"));

    [Fact]
    public void AvailableBytes_ThisMachine_AreNoMoreThanAll() =>
        Assert.InRange(SystemMemory.AvailableBytes() ?? 1, 1, SystemMemory.TotalBytes);
}
