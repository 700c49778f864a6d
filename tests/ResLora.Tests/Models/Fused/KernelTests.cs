using static TorchSharp.torch;

namespace ResLora.Tests.Models.Fused;

/// <summary>Tests of one kernel: skipped where the processor lacks what it needs, and each in a scope of tensors of its own.</summary>
public abstract class KernelTests : IDisposable
{
    private readonly TorchSharp.DisposeScope _scope;

    protected KernelTests()
    {
        KernelCheck.RequireSupport();
        _scope = NewDisposeScope();
    }

    public void Dispose()
    {
        _scope.Dispose();
        GC.SuppressFinalize(this);
    }
}
