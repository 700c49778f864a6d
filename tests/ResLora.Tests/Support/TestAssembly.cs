using System.Runtime.CompilerServices;
using ResLora.Tensors.NativeRuntime;
using Xunit;

// libtorch's random state and default element type are global: tests run one after the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace ResLora.Tests.Support;

internal static class TestAssembly
{
    // A test may well make its tensors before it touches any type of the library, which would do this by itself.
    [ModuleInitializer]
    internal static void Initialize() => TorchRuntime.Register();
}
