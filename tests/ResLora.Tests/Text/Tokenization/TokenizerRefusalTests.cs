using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Text.Tokenization;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>What a tokenizer.json asks for and is not supported is refused by its name, with the file and the place.</summary>
public class TokenizerRefusalTests
{
    [Theory]
    [InlineData("normalizer", """{"type":"Other"}""", "normalizer: normalizer Other is not supported")]
    [InlineData("normalizer", """{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Other"}]}""", "normalizer.normalizers[1]: normalizer Other")]
    [InlineData("normalizer", """{"type":"Precompiled","precompiled_charsmap":"AAAA*"}""", "it is no map of characters in base 64")]
    [InlineData("normalizer", """{"type":"Precompiled","precompiled_charsmap":"/////w=="}""", "its trie should have 4294967295 bytes, and 0 follow")]
    [InlineData("pre_tokenizer", """{"type":"FixedLength","length":0}""", "length is 0, expected at least 1")]
    [InlineData("pre_tokenizer", """{"type":"CharDelimiterSplit","delimiter":"--"}""", "delimiter must be one character")]
    [InlineData("pre_tokenizer", """{"type":"Punctuation","behavior":"isolated"}""", "behavior 'isolated' is unknown")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace","replacement":"_","prepend_scheme":"first","add_prefix_space":false}""", "contradicts add_prefix_space false")]
    [InlineData("decoder", """{"type":"BPEDecoder","suffix":""}""", "suffix is empty")]
    [InlineData("normalizer", """{"type":"Replace","pattern":{"String":""},"content":""}""", "the pattern is empty")]
    [InlineData("normalizer", """{"type":7}""", "normalizer.type: found 7, expected text")]
    [InlineData("normalizer", """[]""", "normalizer: key 'type' is missing")]
    [InlineData("pre_tokenizer", """{"type":"Other"}""", "pre-tokenizer Other is not supported")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"a"},"behavior":"4"}""", "behavior '4' is unknown")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"\\K"},"behavior":"Isolated"}""", "the escape \\K")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace","replacement":"__"}""", "replacement must be one character")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace","replacement":"_","prepend_scheme":"last"}""", "prepend_scheme 'last' is unknown")]
    [InlineData("post_processor", """{"type":"Other"}""", "post-processor Other is not supported")]
    [InlineData("post_processor", """{"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",9999]}""", "id 9999 is not in the vocabulary")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[],"special_tokens":{}}""", "must name the sequence A once, found 0 times")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[{"Sequence":{"id":"B"}}],"special_tokens":{}}""", "may only name the sequence A")]
    [InlineData("post_processor", """{"type":"Sequence","processors":[{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"s"}},{"Sequence":{"id":"A"}},{"SpecialToken":{"id":"s"}}],"special_tokens":{"s":{"ids":[1]}}},{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}}],"special_tokens":{}}]}""", "a template stands behind another one")]
    [InlineData("decoder", """{"type":"Other"}""", "decoder Other is not supported")]
    [InlineData("decoder", """{"type":"CTC","pad_token":""}""", "pad_token or word_delimiter_token is empty")]
    public void Load_UnsupportedStage_IsRefusedByName(string stage, string description, string expected)
    {
        var json = TokenizerFixtures.SentencePiece();
        json[stage] = JsonNode.Parse(description);

        var error = Assert.Throws<FileFormatException>(() => TokenizerFixtures.Load(json.ToJsonString()));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TemplateThatIsNoUtf8_IsRefusedNotReplaced()
    {
        using var folder = new TemporaryFolder(("tokenizer.json", TokenizerFixtures.SentencePiece().ToJsonString()));
        File.WriteAllBytes(Path.Combine(folder.Path, "chat_template.jinja"), [0x61, 0xE9, 0x62]);

        var error = Assert.Throws<FileFormatException>(() => Tokenizer.Load(folder.Path));

        Assert.Contains("chat_template.jinja' is not valid UTF-8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TemplateOfManyTokens_IsRefused()
    {
        var json = TokenizerFixtures.SentencePiece();
        var ids = new JsonArray([.. Enumerable.Repeat(1, 600).Select(id => JsonValue.Create(id))]);
        json["post_processor"] = new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = JsonNode.Parse("""[{"SpecialToken":{"id":"s"}},{"Sequence":{"id":"A"}},{"SpecialToken":{"id":"s"}}]"""),
            ["special_tokens"] = new JsonObject { ["s"] = new JsonObject { ["ids"] = ids } },
        };

        var error = Assert.Throws<FileFormatException>(() => TokenizerFixtures.Load(json.ToJsonString()));

        Assert.Contains(
            "post_processor.single: the template puts more than 1000 tokens around a text", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"split_special_tokens":true}""", "split_special_tokens true is not supported")]
    [InlineData("""{"added_tokens_decoder":{"x":{"content":"<y>"}}}""", "added_tokens_decoder.x: its key is no id")]
    [InlineData("""{"extra_special_tokens":[""]}""", "its content has 0 characters")]
    [InlineData("""{"bos_token":3}""", "key 'content' is missing")]
    [InlineData("{", "not valid JSON")]
    public void Load_BadConfig_SaysWhatIsWrong(string config, string expected)
    {
        var error = Assert.Throws<FileFormatException>(() =>
            TokenizerFixtures.Load(TokenizerFixtures.SentencePiece().ToJsonString(), ("tokenizer_config.json", config)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer_config.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoFile_NamesThePath()
    {
        using var folder = new TemporaryFolder();

        var error = Assert.Throws<FileFormatException>(() => Tokenizer.Load(folder.Path));

        Assert.Contains($"{folder.Path}: there is no tokenizer. Copy tokenizer.json into it", error.Message, StringComparison.Ordinal);
    }
}
