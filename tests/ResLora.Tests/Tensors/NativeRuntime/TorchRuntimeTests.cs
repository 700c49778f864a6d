using ResLora.Tensors.NativeRuntime;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Tensors.NativeRuntime;

public sealed class TorchRuntimeTests
{
    [Fact]
    public void EnsureLoaded_OnThisHost_TensorOperationsRun()
    {
        TorchRuntime.EnsureLoaded();

        using var ones = torch.ones(2);
        using var sum = ones.sum();
        Assert.Equal(2f, sum.item<float>());
        TorchRuntime.ThrowIfUnusable();
    }

    [Fact]
    public void Status_CompatibilityCopyInUse_LiesInTheUsersCache()
    {
        var status = TorchRuntime.Status;
        Assert.SkipUnless(status.CompatibilityCopyInUse, "This host's libstdc++ is new enough for TorchSharp as it is.");

        Assert.StartsWith(CompatibilityCopy.DefaultFolder()!, status.LibraryPath, StringComparison.Ordinal);
        Assert.Contains(status.LibraryPath!, status.Message, StringComparison.Ordinal);
        Assert.Null(status.Problem);
    }

    [Fact]
    public async Task EnsureLoaded_FromManyThreads_LoadsOnce()
    {
        var statuses = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            () =>
            {
                TorchRuntime.Register();
                TorchRuntime.EnsureLoaded();
                return TorchRuntime.Status;
            },
            TestContext.Current.CancellationToken)));

        Assert.All(statuses, status => Assert.Same(statuses[0], status));
    }
}
