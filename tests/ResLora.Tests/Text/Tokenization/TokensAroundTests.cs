using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Text.Tokenization;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>What stands in front of a text and behind it: what the tokenizer adds, not what a file names.</summary>
public sealed class TokensAroundTests
{
    private const string Begin = """{"SpecialToken":{"id":"<s>","type_id":0}}""";
    private const string End = """{"SpecialToken":{"id":"</s>","type_id":0}}""";
    private const string Text = """{"Sequence":{"id":"A","type_id":0}}""";
    private const string Special = """
        "special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]},"</s>":{"id":"</s>","ids":[2],"tokens":["</s>"]}}
        """;

    private const string BeginTemplate = $$"""{"type":"TemplateProcessing","single":[{{Begin}},{{Text}}],{{Special}}}""";
    private const string ByteLevel = """{"type":"ByteLevel"}""";

    // The names that published models of Qwen's family bring, and Llama's flags.
    private const string Names = """{"bos_token":"<s>","eos_token":"</s>","add_bos_token":false}""";

    public static TheoryData<string, string, string> PostProcessors => new()
    {
        { "null", "", "" },
        { ByteLevel, "", "" },
        { BeginTemplate, "<s>", "" },
        { $$"""{"type":"TemplateProcessing","single":[{{Begin}},{{Text}},{{End}}],{{Special}}}""", "<s>", "</s>" },
        { $$"""{"type":"TemplateProcessing","single":[{{Text}},{{End}}],{{Special}}}""", "", "</s>" },
        { $$"""{"type":"TemplateProcessing","single":[{{Text}}],{{Special}}}""", "", "" },
        { $$"""{"type":"Sequence","processors":[{{ByteLevel}},{{BeginTemplate}}]}""", "<s>", "" },
        { $$"""{"type":"Sequence","processors":[{{BeginTemplate}},{{ByteLevel}}]}""", "<s>", "" },
        { """{"type":"RobertaProcessing","cls":["<s>",1],"sep":["</s>",2]}""", "<s>", "</s>" },
    };

    [Theory]
    [MemberData(nameof(PostProcessors))]
    public void EncodePrompt_EachPostProcessor_GetsWhatItPutsInFrontAndNothingBehind(string processor, string before, string after)
    {
        var json = TokenizerFixtures.SentencePiece();
        json["post_processor"] = JsonNode.Parse(processor);
        var tokenizer = TokenizerFixtures.Load(
            json.ToJsonString(), ("tokenizer_config.json", Names), ("generation_config.json", """{"bos_token_id":1}"""), ("config.json", """{"bos_token_id":1}"""));

        Assert.Equal((before, after), (Tokens(tokenizer, tokenizer.Before), Tokens(tokenizer, tokenizer.After)));
        Assert.Equal(before.Length > 0 ? $"{before}|▁ab" : "▁ab", Tokens(tokenizer, tokenizer.EncodePrompt("ab")));
        Assert.Equal(1, tokenizer.BeginId);
    }

    [Fact]
    public void Load_FlagsAgainstTokenizerJson_AreToldAndNotObeyed()
    {
        var warnings = new List<string>();
        using var listening = Warnings.Listen(warnings.Add);

        var tokenizer = TokenizerFixtures.Load(
            TokenizerFixtures.SentencePiece().ToJsonString(),
            ("tokenizer_config.json", """{"tokenizer_class":"LlamaTokenizer","bos_token":"<s>","eos_token":"</s>","add_bos_token":false,"add_eos_token":true}"""));

        // As transformers 5.12.1 does.
        Assert.Equal("<s>|▁a", Tokens(tokenizer, tokenizer.Encode("a")));
        Assert.Contains("add_bos_token false", warnings[0], StringComparison.Ordinal);
        Assert.Contains("adds the token '<s>'", warnings[0], StringComparison.Ordinal);
        Assert.Contains("does not add the token '</s>'", warnings[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FlagsThatAgree_AreNoWarning()
    {
        var warnings = new List<string>();
        using var listening = Warnings.Listen(warnings.Add);

        TokenizerFixtures.Load(
            TokenizerFixtures.SentencePiece().ToJsonString(), ("tokenizer_config.json", """{"bos_token":"<s>","eos_token":"</s>","add_bos_token":true,"add_eos_token":false}"""));

        Assert.Empty(warnings);
    }

    // What transformers 5.12.1 gives for vocab.json and merges.txt beside a GPT-2's tokenizer_config.json.
    [Theory]
    [InlineData("", "a")]
    [InlineData("\"add_bos_token\":true,", "<s>|a")]
    [InlineData("\"add_bos_token\":false,", "a")]
    [InlineData("\"add_eos_token\":true,", "a|</s>")]
    public void Load_FlagsWithoutTokenizerJson_AreObeyed(string flag, string expected)
    {
        using var folder = new TemporaryFolder(
            ("vocab.json", """{"<s>":0,"</s>":1,"a":2}"""),
            ("merges.txt", "#version: 0.2\n"),
            ("tokenizer_config.json", $$"""{{{flag}}"tokenizer_class":"GPT2Tokenizer","bos_token":"<s>","eos_token":"</s>"}"""));

        var tokenizer = Tokenizer.Load(folder.Path);

        Assert.Equal(expected, Tokens(tokenizer, tokenizer.Encode("a")));
    }

    private static string Tokens(Tokenizer tokenizer, IEnumerable<int> ids) => string.Join('|', ids.Select(tokenizer.TokenOf));
}
