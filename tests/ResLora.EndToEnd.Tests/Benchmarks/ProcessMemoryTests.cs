using ResLora.Benchmarks.Measuring;
using Xunit;

namespace ResLora.EndToEnd.Tests.Benchmarks;

public sealed class ProcessMemoryTests
{
    [Fact]
    public void Parse_OfTheKernelsLines_PartsFilesFromAnonymousMemory()
    {
        string[] lines = ["Name:\tdotnet", "VmHWM:\t  100 kB", "VmRSS:\t   80 kB", "RssAnon:\t   30 kB", "RssFile:\t   45 kB", "RssShmem:\t    5 kB", "Threads:\t9"];

        var memory = ProcessMemory.Parse(lines);

        Assert.Equal(new ProcessMemory(100 * 1024, 30 * 1024, 50 * 1024), memory);
        Assert.Equal(50 * 1024, memory.AnonymousPeak);
    }
}
