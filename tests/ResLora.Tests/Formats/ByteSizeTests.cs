using ResLora.Formats;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Formats;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("2GiB", 2L << 30)]
    [InlineData("512 mib", 512L << 20)]
    [InlineData("1.5GB", 1_500_000_000)]
    public void Parse_Size_GivesBytes(string text, long bytes) => Assert.Equal(bytes, ByteSize.Parse("--x", text));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1GB")]
    [InlineData("2 parsecs")]
    [InlineData("99999999TiB")]
    public void Parse_NoSize_SaysWhatItTakes(string text)
    {
        var error = Assert.Throws<ConfigException>(() => ByteSize.Parse("--calibration-memory", text));

        Assert.Contains($"--calibration-memory is '{text}'", error.Message, StringComparison.Ordinal);
    }
}
