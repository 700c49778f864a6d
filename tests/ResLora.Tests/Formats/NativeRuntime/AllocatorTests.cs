using ResLora.Formats.NativeRuntime;
using Xunit;

namespace ResLora.Tests.Formats.NativeRuntime;

public sealed class AllocatorTests
{
    private const string UserSetting = "MALLOC_ARENA_MAX";

    // Only that variable is set here: malloc's settings are the whole process's, and the tests share it.
    [Fact]
    public void KeepFreedMemory_TheUserChoseForMalloc_ChangesNothing()
    {
        var before = Environment.GetEnvironmentVariable(UserSetting);
        try
        {
            Environment.SetEnvironmentVariable(UserSetting, "2");

            Assert.False(Allocator.KeepFreedMemory());
            Assert.False(Allocator.KeepsFreedMemory);
        }
        finally
        {
            Environment.SetEnvironmentVariable(UserSetting, before);
        }
    }
}
