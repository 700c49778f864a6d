using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ResLora.Tensors.NativeRuntime;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Tensors.NativeRuntime;

public sealed class TensorAddressTests
{
    [Fact]
    public unsafe void Of_APartOfATensor_IsWhereItBegins()
    {
        using var whole = arange(6, dtype: float32);
        using var part = whole.narrow(0, 2, 3);

        var expected = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(part.bytes));

        Assert.Equal(expected, TensorAddress.Of(part));
    }
}
