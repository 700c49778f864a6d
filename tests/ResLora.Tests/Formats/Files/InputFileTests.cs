using System.Diagnostics;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Formats.Files;

public sealed class InputFileTests : IDisposable
{
    private const long Most = 1000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_PipeThatNobodyWrites_IsRefusedAtOnce()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux is sure to have mkfifo");
        var pipe = _folder["pipe"];
        using (var made = Process.Start("mkfifo", [pipe]))
        {
            made.WaitForExit();
        }

        // Were it opened, the test would never end.
        foreach (Action read in new Action[] { () => InputFile.OpenRead(pipe), () => InputFile.ReadText(pipe, Most), () => CheckedJson.Read(pipe), () => SafetensorsReader.Open(pipe) })
        {
            Assert.Contains("not an ordinary file", Assert.Throws<FileFormatException>(read).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_LinkToADevice_IsRefused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/zero is Linux's");
        File.CreateSymbolicLink(_folder["endless"], "/dev/zero");

        var error = Assert.Throws<FileFormatException>(() => InputFile.ReadBytes(_folder["endless"], Most));

        Assert.Contains("not an ordinary file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_LinkToAFile_IsRead()
    {
        File.CreateSymbolicLink(_folder["link"], _folder.Write("text", "abc"));

        Assert.Equal("abc", InputFile.ReadText(_folder["link"], Most));
    }

    [Fact]
    public void ReadText_MarkInFront_IsNotPartOfTheText() =>
        Assert.Equal("é", InputFile.ReadText(_folder.Write("text", [0xEF, 0xBB, 0xBF, 0xC3, 0xA9]), Most));

    [Fact]
    public void ReadText_BytesThatAreNoUtf8_AreRefusedNotReplaced()
    {
        var error = Assert.Throws<FileFormatException>(() => InputFile.ReadText(_folder.Write("text", [0x61, 0xE9, 0x62]), Most));

        Assert.Contains("not valid UTF-8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadText_LargerThanAccepted_IsRefused()
    {
        var error = Assert.Throws<FileFormatException>(() => InputFile.ReadText(_folder.Write("text", new string('a', 1001)), Most));

        Assert.Contains("1001 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadBytes_NoFileAtAll_NamesThePath()
    {
        var error = Assert.Throws<FileFormatException>(() => InputFile.ReadBytes(_folder["nowhere"], Most));

        Assert.Contains("nowhere' does not exist", error.Message, StringComparison.Ordinal);
    }
}
