using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Formats.Files;

public sealed class DiskFaultTests
{
    [Theory]
    [InlineData(28)]
    [InlineData(122)]
    public void Of_FullDiskOrQuota_IsAnErrorOfItsOwn(int error)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the numbers are Linux's");

        var fault = DiskFault.Of("Folder 'x'", new IOException("No space left on device", error));

        Assert.Contains(
            "Folder 'x' cannot be written: the disk is full", Assert.IsType<DiskFullException>(fault).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_AnotherFault_SaysWhatTheSystemSays() =>
        Assert.Equal(
            "'x' cannot be written: Input/output error",
            Assert.IsType<ConfigException>(DiskFault.Of("'x'", new IOException("Input/output error", 5))).Message);

    [Fact]
    public void Write_ToADeviceThatIsFull_IsToldFromOtherFaults()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "there is no /dev/full");
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write);
        full.WriteByte(1);

        Assert.True(DiskFault.IsFull(Assert.ThrowsAny<IOException>(() => DiskFlush.File(full))));
        Assert.ThrowsAny<IOException>(full.Dispose);
    }

    [Fact]
    public void Require_MoreThanAnyDiskHas_NamesTheSizesAndThePlace()
    {
        using var folder = new TemporaryFolder();

        var error = Assert.Throws<DiskFullException>(() => DiskSpace.Require(folder["new/out"], long.MaxValue, "The files"));
        DiskSpace.Require(folder["new/out"], 1, "The files");

        Assert.StartsWith(
            $"The files need about {long.MaxValue / 1e12:0.0} TB in '{folder["new/out"]}', and ", error.Message, StringComparison.Ordinal);
    }
}
