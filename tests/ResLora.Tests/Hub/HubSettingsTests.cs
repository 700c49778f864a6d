using ResLora.Formats.Errors;
using ResLora.Hub;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Hub;

public sealed class HubSettingsTests : IDisposable
{
    private static readonly string _home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("/cache", "HF_HUB_CACHE=/cache;HF_HOME=/home;XDG_CACHE_HOME=/xdg")]
    [InlineData("/old", "HUGGINGFACE_HUB_CACHE=/old;HF_HOME=/home")]
    [InlineData("/home/hub", "HF_HOME=/home;XDG_CACHE_HOME=/xdg")]
    [InlineData("/xdg/huggingface/hub", "XDG_CACHE_HOME=/xdg")]
    [InlineData("/data/cache", "HF_HUB_CACHE=$DISK/${PART};DISK=/data;PART=cache")]
    [InlineData("~/.cache/huggingface/hub", "HF_HUB_CACHE= ")]
    [InlineData("~/hub", "HF_HUB_CACHE=~/hub")]
    public void FromEnvironment_TheCache_IsWherePythonHasIt(string expected, string variables) =>
        Assert.Equal(Path.GetFullPath(expected.Replace("~", _home, StringComparison.Ordinal)), Read(variables).Cache);

    [Theory]
    [InlineData("one", "HF_TOKEN=one;HUGGING_FACE_HUB_TOKEN=two")]
    [InlineData("two", "HUGGING_FACE_HUB_TOKEN=two\n")]
    [InlineData("saved", "HF_TOKEN=")]
    [InlineData(null, "HF_TOKEN=one;HF_HUB_DISABLE_IMPLICIT_TOKEN=1")]
    [InlineData(null, "HF_TOKEN_PATH=/nowhere/token")]
    public void FromEnvironment_TheToken_IsTheOneThatPythonSends(string? expected, string variables)
    {
        _folder.Write("token", "saved\n");

        Assert.Equal(expected, Read($"HF_HOME={_folder.Path};{variables}").Token);
    }

    [Theory]
    [InlineData("HF_HUB_OFFLINE=1", true)]
    [InlineData("HF_HUB_OFFLINE=true", true)]
    [InlineData("TRANSFORMERS_OFFLINE=yes", true)]
    [InlineData("HF_HUB_OFFLINE=0", false)]
    [InlineData("A=1", false)]
    public void FromEnvironment_OffLine_IsAsPythonReadsIt(string variables, bool expected) => Assert.Equal(expected, Read(variables).Offline);

    [Fact]
    public void FromEnvironment_TheEndpoint_IsHuggingFaceUnlessSaid()
    {
        Assert.Equal(new Uri("https://huggingface.co"), Read("A=1").Endpoint);
        Assert.Equal(new Uri("https://hub.example/mirror"), Read("HF_ENDPOINT=https://hub.example/mirror/").Endpoint);
    }

    [Theory]
    [InlineData("HF_ENDPOINT=huggingface.co", "HF_ENDPOINT is no address")]
    [InlineData("HF_ENDPOINT=ftp://huggingface.co", "HF_ENDPOINT is no address")]
    [InlineData("HF_ENDPOINT=https://me:secret@huggingface.co", "HF_ENDPOINT is no address")]
    [InlineData("HF_TOKEN=two secrets", "HF_TOKEN holds no token")]
    public void FromEnvironment_AWrongValue_IsSaidWithoutTheSecret(string variables, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => Read(variables));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromEnvironment_NoLinks_AreNotMade()
    {
        Assert.True(Read("A=1").UsesLinks);
        Assert.False(Read("HF_HUB_DISABLE_SYMLINKS=1").UsesLinks);
    }

    [Fact]
    public void ToString_OfSettingsWithAToken_KeepsIt()
    {
        var settings = Read("HF_TOKEN=hf_secret;HF_HUB_CACHE=/cache");

        Assert.Contains("/cache", settings.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hf_secret", settings.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static HubSettings Read(string variables)
    {
        var values = variables.Split(';').Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        return HubSettings.FromEnvironment(values.GetValueOrDefault);
    }
}
