using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Models;

public sealed class ModelPlaceTests
{
    [Theory]
    [InlineData("some-org/Some-Model_1.5B")]
    [InlineData("/nowhere/configs/some-org/Some-Model_1.5B")]
    public void Require_AHubsName_SaysHowToGetTheModel(string name)
    {
        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.Build(name));

        Assert.Contains("write hub:some-org/Some-Model_1.5B,", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_AMistypedFolder_IsNoHubsName()
    {
        using var folder = new TemporaryFolder();

        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.Build(folder["mistyped"]));

        Assert.DoesNotContain("hub", error.Message, StringComparison.Ordinal);
        Assert.Contains("there is no such folder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_APipelineWithoutItsIndex_NamesTheIndex()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["unet"]);

        var error = Assert.Throws<FileFormatException>(() => ModelRegistry.Build(folder.Path));

        Assert.Contains("model_index.json", error.Message, StringComparison.Ordinal);
    }
}
