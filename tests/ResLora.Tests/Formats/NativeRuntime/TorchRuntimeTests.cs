using ResLora.Formats.NativeRuntime;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Formats.NativeRuntime;

public sealed class TorchRuntimeTests
{
    [Fact]
    public void EnsureLoaded_OnThisHost_TensorOperationsRun()
    {
        TorchRuntime.EnsureLoaded();

        Assert.Null(TorchRuntime.Status.Problem);
        Assert.Equal(2f, torch.ones(2).sum().item<float>());
    }
}
