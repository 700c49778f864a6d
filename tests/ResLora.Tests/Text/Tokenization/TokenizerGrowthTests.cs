using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>Files whose stages would make endless texts are refused, on reading them where that can be seen, else on encoding.</summary>
public class TokenizerGrowthTests
{
    private const string ByteLevel = """{"type":"ByteLevel","add_prefix_space":true,"use_regex":true}""";
    private const string Doubling = """{"type":"Replace","pattern":{"String":"a"},"content":"aa"}""";

    [Theory]
    [InlineData("pre_tokenizer", "pretokenizers", ByteLevel)]
    [InlineData("normalizer", "normalizers", """{"type":"ByteLevel"}""")]
    [InlineData("normalizer", "normalizers", Doubling)]
    public void Encode_StagesThatMultiply_AreRefused(string stage, string key, string step)
    {
        var json = TokenizerFixtures.SentencePiece();
        json[stage] = Sequence(key, step, 34);
        var tokenizer = TokenizerFixtures.Load(json.ToJsonString());

        var error = Assert.Throws<FileFormatException>(() => tokenizer.Encode("é a"));

        Assert.Contains("the stages up to this one make", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pre_tokenizer", "pretokenizers", ByteLevel)]
    [InlineData("normalizer", "normalizers", """{"type":"NFC"}""")]
    [InlineData("decoder", "decoders", Doubling)]
    public void Load_MoreThan64Stages_IsRefused(string stage, string key, string step)
    {
        var json = TokenizerFixtures.SentencePiece();
        json[stage] = Sequence(key, step, 65);

        var error = Assert.Throws<FileFormatException>(() => TokenizerFixtures.Load(json.ToJsonString()));

        Assert.Contains("it has more than 64 stages", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_ReplacementThatIsHuge_IsRefusedBeforeItIsBuilt()
    {
        var json = TokenizerFixtures.SentencePiece();
        json["normalizer"] = new JsonObject { ["type"] = "Replace", ["pattern"] = JsonNode.Parse("""{"String":"a"}"""), ["content"] = new string('b', 1_000_000) };
        var tokenizer = TokenizerFixtures.Load(json.ToJsonString());

        var error = Assert.Throws<FileFormatException>(() => tokenizer.Encode(new string('a', 10_000)));

        Assert.Contains("replacing it makes more than 640000 characters of a text of 10000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_ReplacementsThatMultiply_AreRefused()
    {
        var json = TokenizerFixtures.SentencePiece();
        json["decoder"] = Sequence("decoders", Doubling, 34);
        var tokenizer = TokenizerFixtures.Load(json.ToJsonString());

        var error = Assert.Throws<FileFormatException>(() => tokenizer.Decode([tokenizer.IdOf("a")!.Value]));

        Assert.Contains("replacing it makes more than 1048576 characters", error.Message, StringComparison.Ordinal);
    }

    private static JsonObject Sequence(string key, string step, int times) => new()
    {
        ["type"] = "Sequence",
        [key] = new JsonArray([.. Enumerable.Range(0, times).Select(_ => JsonNode.Parse(step))]),
    };
}
