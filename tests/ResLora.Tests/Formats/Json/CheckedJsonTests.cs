using System.Text;
using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Tests.Support;
using Xunit;

namespace ResLora.Tests.Formats.Json;

public sealed class CheckedJsonTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_Valid_GivesTheDocument()
    {
        using var document = CheckedJson.Read(_folder.Write("a.json", """{"a": [1, "\ud83d\ude00"]}"""));

        Assert.Equal("\U0001F600", document.RootElement.GetProperty("a")[1].GetString());
    }

    [Fact]
    public void Read_ByteOrderMark_IsSkipped()
    {
        File.WriteAllText(_folder["a.json"], "{}", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));

        using var document = CheckedJson.Read(_folder["a.json"]);

        Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
    }

    [Theory]
    [InlineData("{\n  \"a\": 1,\n  \"b\": }", "at line 3, byte 8")]
    [InlineData("", "not valid JSON at line 1")]
    [InlineData("{} {}", "at line 1, byte 4")]
    [InlineData("""{"a":1,"a":2}""", "'a'")]
    [InlineData("""{"x":{"a":1,"\u0061":2}}""", "'a'")]
    [InlineData("""{"a":"\udc00"}""", "half a surrogate pair")]
    public void Read_Malformed_NamesFileAndPlace(string json, string message)
    {
        var path = _folder.Write("a.json", json);

        var error = Assert.Throws<FileFormatException>(() => CheckedJson.Read(path));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_InvalidUtf8_IsRefused()
    {
        var path = _folder.Write("a.json", [(byte)'"', 0xC3, (byte)'"']);

        Assert.Contains("not valid UTF-8", Message(path), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TooDeep_IsRefused()
    {
        var path = _folder.Write("a.json", new string('[', 100_000));

        Assert.Contains("depth", Message(path), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Read_TooLarge_IsRefusedUnread()
    {
        var path = _folder.Write("a.json", "{}");
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(CheckedJson.DefaultMaxBytes + 1);
        }

        Assert.Contains("has 67108865 bytes; at most 67108864", Message(path), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Missing_SaysSo()
    {
        Assert.Contains("does not exist", Message(_folder["none.json"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Deserialize_Valid_GivesTheValue()
    {
        var path = _folder.Write("a.json", """{"Rank": 4, "Inner": {"Scale": 0.5}}""");

        var sample = CheckedJson.Deserialize<Sample>(path);

        Assert.Equal(new Sample(4, new Nested(0.5)), sample);
    }

    [Fact]
    public void Deserialize_WrongValue_NamesTheKeyPath()
    {
        var path = _folder.Write("a.json", """{"Rank": 4, "Inner": {"Scale": "big"}}""");

        var error = Assert.Throws<FileFormatException>(() => CheckedJson.Deserialize<Sample>(path));

        Assert.Contains("wrong value at '$.Inner.Scale'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Path:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deserialize_UnknownKeyUnderStrictOptions_NamesTheKey()
    {
        var path = _folder.Write("a.json", """{"Rank": 4, "Inner": {"Scale": 1}, "rnak": 2}""");

        var error = Assert.Throws<FileFormatException>(() => CheckedJson.Deserialize<Sample>(path, JsonSerializerOptions.Strict));

        Assert.Contains("rnak", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deserialize_Null_IsRefused()
    {
        var path = _folder.Write("a.json", "null");

        Assert.Contains(
            "only null", Assert.Throws<FileFormatException>(() => CheckedJson.Deserialize<Sample>(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_RealTokenizer_Opens()
    {
        using var document = CheckedJson.Read(SharedFolder.PathOrSkip("models/llama-10m/tokenizer.json"));

        Assert.True(document.RootElement.TryGetProperty("model", out _));
    }

    private static string Message(string path) => Assert.Throws<FileFormatException>(() => CheckedJson.Read(path)).Message;

    private sealed record Sample(int Rank, Nested Inner);

    private sealed record Nested(double Scale);
}
