using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Formats.Files;

public sealed class OutputGuardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("out")]
    [InlineData("out/base")]
    [InlineData("out/base/model.safetensors")]
    [InlineData("out/x/../base")]
    [InlineData("link")]
    [InlineData("link/base")]
    public void RequireFolder_InputIsTheFolderOrLiesInIt_IsRefused(string input)
    {
        WriteOurs("out", "base/model.safetensors");
        Directory.CreateSymbolicLink(_folder["link"], _folder["out"]);

        var error = Assert.Throws<ConfigException>(() => OutputGuard.RequireFolder(_folder["out"], overwrite: true, null, _folder[input]));

        Assert.Contains($"written over what it is made from ({_folder[input]})", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireFolder_OutputIsALinkToAnInput_IsRefused()
    {
        WriteOurs("base", "model.safetensors");
        Directory.CreateSymbolicLink(_folder["link"], _folder["base"]);

        Assert.Throws<ConfigException>(() => OutputGuard.RequireFolder(_folder["link"], overwrite: true, _folder["base"]));
    }

    [Fact]
    public void RequireFolder_OursInsideAnInput_IsRefused()
    {
        WriteOurs("base/out", "a");

        var error = Assert.Throws<ConfigException>(() => OutputGuard.RequireFolder(_folder["base/out"], overwrite: true, _folder["base"]));

        Assert.Contains("lies in what is read", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("base")]
    [InlineData("outer")]
    [InlineData("gone")]
    public void RequireFolder_InputsElsewhere_AreNoHindrance(string input)
    {
        WriteOurs("out", "a");
        WriteOurs("outer", "a");

        OutputGuard.RequireFolder(_folder["out"], overwrite: true, _folder[input]);
    }

    [Fact]
    public void RequireFolder_ParentOfTheCurrentFolder_IsRefused()
    {
        var parent = Path.GetDirectoryName(Directory.GetCurrentDirectory())!;

        var error = Assert.Throws<ConfigException>(() => OutputGuard.RequireFolder(parent, overwrite: true));

        Assert.Contains("holds the current folder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireFolder_HomeFolder_IsRefused()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        Assert.SkipUnless(Directory.Exists(home) && Path.GetDirectoryName(home) is not null, "this user has no home folder");

        var error = Assert.Throws<ConfigException>(() => OutputGuard.RequireFolder(home, overwrite: true));

        Assert.Matches("is your home folder|holds the current folder", error.Message);
    }

    [Fact]
    public void RequireFolder_LeftoversOnly_CountAsEmpty()
    {
        Directory.CreateDirectory(_folder["out/.reslora-inside.999999999-abcdefghijk.tmp"]);

        OutputGuard.RequireFolder(_folder["out"], overwrite: false);

        Directory.CreateDirectory(_folder["out/.mine.tmp"]);
        Assert.Throws<ConfigException>(() => OutputGuard.RequireFolder(_folder["out"], overwrite: false));
    }

    [Fact]
    public void RequireFolder_MarkerThatNamesTheWorld_FreesNothingElse()
    {
        WriteOurs("out", "a");
        File.WriteAllText(_folder["out/.reslora-output.json"], """{"files": ["../secret", "*", "a/"]}""");

        var error = Assert.Throws<ConfigException>(() => OutputGuard.RequireFolder(_folder["out"], overwrite: true));

        Assert.Contains("'a'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireFile_InputItself_IsRefusedByEveryName()
    {
        _folder.Write("data.jsonl", "{}");
        File.CreateSymbolicLink(_folder["link.jsonl"], _folder["data.jsonl"]);

        foreach (var (output, input) in new[] { ("data.jsonl", "data.jsonl"), ("./data.jsonl", "link.jsonl"), ("link.jsonl", "data.jsonl"), ("link.jsonl", "link.jsonl") })
        {
            Assert.Throws<ConfigException>(() => OutputGuard.RequireFile(_folder[output], _folder[input]));
        }
    }

    [Fact]
    public void RequireFile_FileOfAnInputFolder_IsRefusedAndANewOneIsNot()
    {
        Directory.CreateDirectory(_folder["base"]);
        _folder.Write("base/config.json", "{}");

        var error = Assert.Throws<ConfigException>(() => OutputGuard.RequireFile(_folder["base/config.json"], null, _folder["base"]));
        OutputGuard.RequireFile(_folder["base/predictions.jsonl"], _folder["base"]);

        Assert.Contains("written over what is read", error.Message, StringComparison.Ordinal);
    }

    private void WriteOurs(string folder, string file) =>
        AtomicFolder.Write(_folder[folder], at => AtomicFile.WriteText(Path.Combine(at, file), "x"), overwrite: true);
}
