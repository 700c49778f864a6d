using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ResLora.Formats.NativeRuntime;
using Xunit;

namespace ResLora.Tests.Formats.NativeRuntime;

public sealed class SignalRoomTests
{
    private const nint Enough = 64 << 10;

    [Fact]
    public void Widen_UntilDisposed_GivesTheThreadMoreRoom()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64, "only Linux on x64 has this room");
        var before = Current();

        using (SignalRoom.Widen())
        {
            Assert.InRange(Current().Size, Enough, nint.MaxValue);
        }

        Assert.Equal(before, Current());
    }

    [Fact]
    public void Widen_ANullReferenceWithin_IsAnException()
    {
        using var room = SignalRoom.Widen();

        Assert.Throws<NullReferenceException>(() => LengthOf(null!));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int LengthOf(string text) => text.Length;

    private static StackOfSignals Current()
    {
        Assert.Equal(0, Ask(0, out var current));
        return current;
    }

    [DllImport("libc", EntryPoint = "sigaltstack")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Ask(nint none, out StackOfSignals current);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct StackOfSignals(nint Pointer, int Flags, nint Size);
}
