using System.Globalization;
using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Text.Tokenization;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

public sealed class ModelRowsTests
{
    private const string Spare = "[PAD]";

    private static readonly int _own = TokenizerFixtures.Load(TokenizerFixtures.SentencePiece().ToJsonString()).VocabularySize;

    [Fact]
    public void Encode_OneAddedTokenAboveTheModelsRows_IsAsWithoutIt()
    {
        var tokenizer = WithSpare(_own);

        Assert.Equal(_own + 1, tokenizer.VocabularySize);
        Assert.Equal(
            TokenizerFixtures.Load(TokenizerFixtures.SentencePiece().ToJsonString()).Encode("abc cab"), tokenizer.Encode("abc cab"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Encode_TextThatUsesIt_IsRefusedWithTokenAndText(bool asPair)
    {
        var tokenizer = WithSpare(_own);

        var error = Assert.Throws<FileFormatException>(
            () => asPair ? tokenizer.EncodeTexts("a [PAD] b").Ids : tokenizer.Encode("a [PAD] b"));

        Assert.Contains(
            $"the token '{Spare}' (id {_own.ToString(CultureInfo.InvariantCulture)}), in the text 'a [PAD] b', has no row",
            error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_ModelWithARowForIt_TakesIt() => Assert.Contains(_own, WithSpare(_own + 1).Encode("a [PAD] b"));

    [Fact]
    public void PadId_WithoutARow_IsNone()
    {
        Assert.Null(WithSpare(_own, """{"pad_token":"[PAD]"}""").PadId);
        Assert.Equal(_own, WithSpare(_own + 1, """{"pad_token":"[PAD]"}""").PadId);
    }

    [Fact]
    public void Load_EndTokenWithoutARow_IsRefused()
    {
        var error = Assert.Throws<FileFormatException>(() => WithSpare(_own, """{"eos_token":"[PAD]"}"""));

        Assert.Contains($"the token '{Spare}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TokenOfTheVocabularyWithoutARow_IsRefused()
    {
        var error = Assert.Throws<FileFormatException>(() => WithSpare(_own - 1));

        Assert.Contains($"the tokenizer has {_own + 1} tokens and the model {_own - 1}", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A tokenizer with one added token behind its own vocabulary, beside a model of so many rows.</summary>
    private static Tokenizer WithSpare(int rows, string settings = "{}")
    {
        var json = TokenizerFixtures.SentencePiece();
        json["added_tokens"]!.AsArray().Add(JsonNode.Parse($$"""
            {"id":{{_own}},"content":"{{Spare}}","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}
            """));
        return TokenizerFixtures.Load(json.ToJsonString(), ("config.json", $$"""{"vocab_size":{{rows}}}"""), ("tokenizer_config.json", settings));
    }
}
