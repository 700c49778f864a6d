using ResLora.Tensors.NativeRuntime;
using Xunit;

namespace ResLora.Tests.Tensors.NativeRuntime;

public sealed class AllocatorTests
{
    // Only cases that change nothing: malloc's settings are the whole process's, and the tests share it.
    [Theory]
    [InlineData("MALLOC_ARENA_MAX", "2")]
    [InlineData("LD_PRELOAD", "/usr/lib/libmimalloc.so.2")]
    public void KeepFreedMemory_TheUserChose_ChangesNothing(string variable, string value)
    {
        var before = Environment.GetEnvironmentVariable(variable);
        try
        {
            Environment.SetEnvironmentVariable(variable, value);

            Assert.False(Allocator.KeepFreedMemory());
            Assert.False(Allocator.KeepsFreedMemory);
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, before);
        }
    }

    [Fact]
    public void ReturnFreedMemory_TheProcessKeepsNone_LeavesItSo()
    {
        var first = Allocator.ReturnFreedMemory();
        var second = Allocator.ReturnFreedMemory();

        first.Dispose();
        first.Dispose();
        second.Dispose();

        Assert.False(Allocator.KeepsFreedMemory);
    }
}
