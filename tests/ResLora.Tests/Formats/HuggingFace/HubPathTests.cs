using ResLora.Formats.HuggingFace;
using Xunit;

namespace ResLora.Tests.Formats.HuggingFace;

public sealed class HubPathTests
{
    [Theory]
    [InlineData("config.json")]
    [InlineData("unet/diffusion_pytorch_model.safetensors")]
    [InlineData("a..b/.hidden")]
    [InlineData("naïve/日本.json")]
    public void Problem_OfAnOrdinaryPath_IsNone(string path)
    {
        Assert.Null(HubPath.Problem(path, isWindows: false));
        Assert.Null(HubPath.Problem(path, isWindows: true));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("a/../../b")]
    [InlineData("./a")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("a\\..\\b")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("\u001b[2J")]
    public void Problem_OfAPathThatMayLeaveItsFolder_IsSaid(string path) => Assert.NotNull(HubPath.Problem(path, isWindows: false));

    [Theory]
    [InlineData("C:/Windows/system.ini")]
    [InlineData("file.txt:stream")]
    [InlineData("NUL")]
    [InlineData("a/con.json")]
    [InlineData("a./b")]
    [InlineData("a /b")]
    [InlineData("what?.json")]
    public void Problem_OfWhatWindowsReadsOtherwise_IsSaidThere(string path)
    {
        Assert.NotNull(HubPath.Problem(path, isWindows: true));
        Assert.Null(HubPath.Problem(path, isWindows: false));
    }

    [Fact]
    public void Problem_OfNamesThatAreTooLong_IsSaid()
    {
        Assert.Null(HubPath.Problem(new string('a', 255)));
        Assert.NotNull(HubPath.Problem(new string('a', 256)));
        Assert.NotNull(HubPath.Problem(string.Join('/', Enumerable.Repeat(new string('a', 100), 11))));
    }
}
