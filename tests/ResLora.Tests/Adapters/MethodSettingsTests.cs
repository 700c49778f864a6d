using ResLora.Adapters;
using ResLora.Adapters.Methods.AdaLora;
using ResLora.Adapters.Methods.Lokr;
using ResLora.Adapters.Methods.Lora;
using Xunit;

namespace ResLora.Tests.Adapters;

public sealed class MethodSettingsTests
{
    public static TheoryData<AdapterConfig, string> Huge => new()
    {
        { new AdapterConfig { Method = "lokr", Lokr = new LokrSettings { DecomposeFactor = int.MaxValue } }, "lokr.decomposeFactor is 2147483647; it must be from 1 to 65536, or -1" },
        { new AdapterConfig { Lora = new LoraSettings { LearningRateRatio = 1e30 } }, "lora.learningRateRatio is 1E+30; it must be above 0 and at most 1000000" },
        { new AdapterConfig { Method = "adalora", AdaLora = new AdaLoraConfig { OrthogonalWeight = 1e30 } }, "adaLora.orthogonalWeight is 1E+30; it must be from 0 to 1000000" },
    };

    [Theory]
    [MemberData(nameof(Huge))]
    public void Problems_NumbersThatNobodyMeans_AreNamed(AdapterConfig config, string problem) =>
        Assert.Equal(problem, Assert.Single(config.Problems()));
}
