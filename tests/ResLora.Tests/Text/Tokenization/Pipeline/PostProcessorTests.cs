using Xunit;

namespace ResLora.Tests.Text.Tokenization.Pipeline;

/// <summary>
/// Post-processors one behind the other; the expectations are values of tokenizers 0.23.1. Each stage takes what the last one made as so
/// many texts, and a length limit counts what it adds to one text or two.
/// </summary>
public class PostProcessorTests
{
    private const string Bert = """{"type":"BertProcessing","sep":["</s>",2],"cls":["<s>",1]}""";
    private const string Roberta = """{"type":"RobertaProcessing","sep":["</s>",2],"cls":["<s>",1]}""";
    private const string Specials = "\"special_tokens\":{\"<s>\":{\"id\":\"<s>\",\"ids\":[1]},\"</s>\":{\"id\":\"</s>\",\"ids\":[2]}}}";

    private const string Turned = """
        {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":1}}],
         "pair":[{"Sequence":{"id":"B","type_id":1}},{"SpecialToken":{"id":"</s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
        """ + Specials;

    private const string Joined = """
        {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":1}},{"Sequence":{"id":"A","type_id":0}}],
         "pair":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
        """ + Specials;

    [Theory]
    [InlineData(Bert, Turned, "1 1 3 4 2", "0 1 1 1 1", "4 4 3 2 2 1 3 4 2", "1 1 1 1 0 0 0 0 0", "4 4 2 2 1 3 4 2")]
    [InlineData(Turned, Bert, "1 1 2 3 4 2", "0 0 0 1 1 1", "1 4 4 3 2 2 2 3 4 2", "0 1 1 1 0 0 1 0 0 1", "1 4 4 2 2 2 3 4 2")]
    [InlineData(Joined, Roberta, "1 1 2 2 3 4 2", "0 0 0 0 0 0 0", "1 1 2 2 3 4 2 2 4 4 3 2", "0 0 0 0 0 0 0 0 0 0 0 0", "1 1 2 2 3 4 2 2 4 2")]
    [InlineData(Roberta, Bert, "1 1 3 4 2 2", "0 0 0 0 0 0", "1 1 3 4 2 2 2 4 4 3 2 2", "0 0 0 0 0 0 0 0 0 0 0 1", "1 1 3 2 2 2 2 2")]
    [InlineData("{\"type\":\"ByteLevel\"}", Bert, "1 3 4 2", "0 0 0 0", "1 3 4 2 4 4 3 2", "0 0 0 0 1 1 1 1", "1 3 4 3 2 4 4 2")]
    public void EncodeTexts_OneBehindTheOther_IsHuggingFaces(
        string first, string second, string one, string oneTypes, string two, string twoTypes, string cut)
    {
        var tokenizer = TokenizerFixtures.Load($$"""
            {"pre_tokenizer":{"type":"WhitespaceSplit"},"post_processor":{"type":"Sequence","processors":[{{first}},{{second}}]},
             "model":{"type":"WordLevel","unk_token":"<unk>","vocab":{"<unk>":0,"<s>":1,"</s>":2,"a":3,"b":4} } }
            """);

        var text = tokenizer.EncodeTexts("a b");
        var texts = tokenizer.EncodeTexts("a b", "b b a");
        var limited = tokenizer.EncodeTexts("a b a a a", "b b a", maxLength: 8);

        Assert.Equal((one, oneTypes), (string.Join(' ', text.Ids), string.Join(' ', text.TypeIds)));
        Assert.Equal(one, string.Join(' ', tokenizer.Encode("a b")));
        Assert.Equal((two, twoTypes), (string.Join(' ', texts.Ids), string.Join(' ', texts.TypeIds)));
        Assert.Equal(cut, string.Join(' ', limited.Ids));
    }
}
