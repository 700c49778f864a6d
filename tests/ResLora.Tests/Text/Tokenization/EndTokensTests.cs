using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>Where a text ends: generation_config.json before config.json before the tokenizer's own files.</summary>
public sealed class EndTokensTests
{
    // Written as generation_config.json | config.json | tokenizer_config.json; the tokenizer calls id 2 its end where it names one.
    [Theory]
    [InlineData(null, null, true, "2", 2)]
    [InlineData(null, null, false, "", null)]
    [InlineData("5", "6", true, "5", 5)]
    [InlineData("[5]", null, true, "5", 5)]
    [InlineData("[5, 2]", null, true, "5,2", 2)]
    [InlineData("[5, 6, 5]", null, true, "5,6", 5)]
    [InlineData(null, "[6, 7]", true, "6,7", 6)]
    [InlineData(null, "6", false, "6", 6)]
    [InlineData("", "6", true, "6", 6)]
    [InlineData(null, "null", true, "2", 2)]
    [InlineData("null", "6", true, "", null)]
    [InlineData("[]", "6", true, "", null)]
    [InlineData("[9999, 5, -1]", null, true, "5", 5)]
    [InlineData("9999", "6", true, "", null)]
    public void Load_FilesThatNameEnds_TheFirstDecidesAlone(string? generation, string? model, bool isNamed, string ends, int? trained)
    {
        using var listening = Warnings.Listen(_ => { });
        static string File(string? value) => value is null or "" ? "{}" : $$"""{"eos_token_id":{{value}}}""";
        var files = new List<(string, string)>();
        if (generation is not null)
        {
            files.Add(("generation_config.json", File(generation)));
        }

        if (model is not null)
        {
            files.Add(("config.json", File(model)));
        }

        if (isNamed)
        {
            files.Add(("tokenizer_config.json", """{"eos_token":"</s>"}"""));
        }

        var tokenizer = TokenizerFixtures.Load(TokenizerFixtures.SentencePiece().ToJsonString(), [.. files]);

        Assert.Equal(ends, string.Join(',', tokenizer.Ends.Ids));
        Assert.Equal(trained, tokenizer.EndId);
    }

    [Fact]
    public void Load_IdOfARowWithoutAToken_IsAnEndAllTheSame()
    {
        var size = TokenizerFixtures.Load(TokenizerFixtures.SentencePiece().ToJsonString()).VocabularySize;

        var tokenizer = TokenizerFixtures.Load(
            TokenizerFixtures.SentencePiece().ToJsonString(), ("config.json", $$"""{"vocab_size":{{size + 8}},"eos_token_id":[{{size + 7}}]}"""));

        Assert.Equal([size + 7], tokenizer.Ends.Ids);
    }

    [Theory]
    [InlineData("null", "names no token")]
    [InlineData("[5, 9999]", "names 9999")]
    public void Load_EndsThatCannotBe_AreTold(string value, string expected)
    {
        var warnings = new List<string>();
        using var listening = Warnings.Listen(warnings.Add);

        TokenizerFixtures.Load(TokenizerFixtures.SentencePiece().ToJsonString(), ("generation_config.json", $$"""{"eos_token_id":{{value}}}"""));

        Assert.Contains(expected, Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Contains("generation_config.json", warnings[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"</s>\"")]
    [InlineData("2.5")]
    [InlineData("[[2]]")]
    public void Load_EndThatIsNoNumber_IsRefusedByItsKey(string value)
    {
        var error = Assert.Throws<FileFormatException>(() => TokenizerFixtures.Load(
            TokenizerFixtures.SentencePiece().ToJsonString(), ("generation_config.json", $$"""{"eos_token_id":{{value}}}""")));

        Assert.Contains("eos_token_id", error.Message, StringComparison.Ordinal);
        Assert.Contains("expected a whole number", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-1", null)]
    [InlineData("9999", null)]
    [InlineData("[3, 4]", 3)]
    public void Load_PaddingOfConfig_IsTakenWhereThereIsSuchAToken(string value, int? expected)
    {
        var tokenizer = TokenizerFixtures.Load(TokenizerFixtures.SentencePiece().ToJsonString(), ("config.json", $$"""{"pad_token_id":{{value}}}"""));

        Assert.Equal(expected, tokenizer.PadId);
    }
}
