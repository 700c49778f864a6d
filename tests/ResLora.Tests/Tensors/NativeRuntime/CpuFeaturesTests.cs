using ResLora.Tensors.NativeRuntime;
using Xunit;

namespace ResLora.Tests.Tensors.NativeRuntime;

public sealed class CpuFeaturesTests
{
    [Fact]
    public void Detect_OnLinux_AgreesWithTheKernel()
    {
        Assert.SkipUnless(File.Exists("/proc/cpuinfo"), "Needs /proc/cpuinfo.");
        var words = File.ReadAllText("/proc/cpuinfo").Split([' ', '\n', '\t']);

        var features = CpuFeatures.Detect();

        Assert.Equal(words.Contains("avx2"), features.Avx2);
        Assert.Equal(words.Contains("avx512_bf16"), features.Avx512Bfloat16);
        Assert.Equal(words.Contains("amx_bf16"), features.AmxBfloat16);
    }
}
