using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>
/// The tokens that the files beside a tokenizer.json add to it. The expectations are values of transformers 5.12.1 (AutoTokenizer).
/// </summary>
public class ConfiguredTokensTests
{
    private const string Json = """
        {"added_tokens":[{"id":0,"content":"<unk>","normalized":false,"special":true},{"id":9,"content":"<n>","normalized":true,"special":false}],
         "normalizer":{"type":"Lowercase"},"pre_tokenizer":{"type":"WhitespaceSplit"},
         "model":{"type":"WordLevel","unk_token":"<unk>","vocab":{"<unk>":0,"<s>":1,"</s>":2,"a":3,"b":4,"<pad>":5,"<X>":6,"<e>":7,"c":8}}}
        """;

    private const string Text = "a<s>b a<new>b a  <M> b <X>c <e>c <two> a<n>b <N> <img>c";
    private const string Unknown = """ "0":{"content":"<unk>","special":true} """;

    [Theory]
    [InlineData("{}", "0 0 3 0 4 0 0 0 3 9 4 9 0", "<s> a <n>")]
    [InlineData("""{"bos_token":"<s>","eos_token":"</s>"}""", "3 1 4 0 3 0 4 0 0 0 3 9 4 9 0", "a <n>")] // in the vocabulary, and found only now
    [InlineData("""{"pad_token":"<new>"}""", "0 3 10 4 3 0 4 0 0 0 3 9 4 9 0", "<s> a <n>")]
    [InlineData("""{"mask_token":{"__type":"AddedToken","content":"<M>","lstrip":true,"special":true}}""", "0 0 3 10 4 0 0 0 3 9 4 9 0", "<s> a <n>")]
    [InlineData(
        $$"""{"added_tokens_decoder":{ {{Unknown}},"1":{"content":"<s>","special":true},"12":{"content":"<two>","special":true},"10":{"content":"<new>","normalized":true} },"bos_token":"<s>"}""",
        "3 1 4 3 10 4 3 0 4 0 0 11 3 9 4 9 0", "a <n> <new>")] // the next free id, not 12
    [InlineData($$"""{"added_tokens_decoder":{ {{Unknown}},"9":{"content":"<n>","special":true} } }""", "0 0 3 0 4 0 0 0 3 9 4 0 0", "<s> a")] // other flags
    [InlineData(
        """{"added_tokens_decoder":{"7":{"content":"<e>","lstrip":true,"special":true},"30":{"content":"<new>","special":true}}}""",
        "0 3 10 4 3 0 4 0 7 8 0 3 9 4 9 0", "<s> a <n>")]
    [InlineData("""{"additional_special_tokens":["<two>","<e>"]}""", "0 0 3 0 4 0 7 8 10 3 9 4 9 0", "<s> a <n>")]
    [InlineData("""{"extra_special_tokens":["<two>","<X>"],"additional_special_tokens":["<new>"]}""", "0 0 3 0 4 6 8 0 10 3 9 4 9 0", "<s> a <n>")]
    [InlineData("""{"extra_special_tokens":{"image_token":"<img>"}}""", "0 0 3 0 4 0 0 0 3 9 4 9 10 8", "<s> a <n>")]
    [InlineData("""{"image_token":"<img>"}""", "0 0 3 0 4 0 0 0 3 9 4 9 10 8", "<s> a <n>")]
    [InlineData("""{"bos_token":"<n>"}""", "0 0 3 0 4 0 0 0 3 9 4 9 0", "<s> a")] // special because it is named
    [InlineData(
        """{"pad_token":"<new>","mask_token":"<M>","bos_token":"<img>","additional_special_tokens":["<two>"]}""",
        "0 3 11 4 3 12 4 0 0 13 3 9 4 9 10 8", "<s> a <n>")] // in the library's order
    public void Load_TokensOfTheConfig_AreAddedLikeTransformers(string config, string ids, string decoded) =>
        Check(ids, decoded, ("tokenizer_config.json", config));

    [Theory]
    [InlineData("special_tokens_map.json", """{"bos_token":"<s>","pad_token":"<new>","additional_special_tokens":["<two>"]}""", "3 1 4 3 10 4 3 0 4 0 0 11 3 9 4 9 0", "a <n>")]
    [InlineData("special_tokens_map.json", """{"mask_token":{"content":"<M>","lstrip":true,"special":true}}""", "0 0 3 10 4 0 0 0 3 9 4 9 0", "<s> a <n>")]
    [InlineData("added_tokens.json", """{"<new>":10,"<two>":11}""", "0 3 10 4 3 0 4 0 0 11 3 9 4 9 0", "<s> a <n> <new>")]
    public void Load_TokensOfTheOlderFiles_AreAddedLikeTransformers(string file, string content, string ids, string decoded) =>
        Check(ids, decoded, (file, content));

    [Fact]
    public void Load_NewTokenWhoseIdIsTaken_SaysSo()
    {
        // Three tokens, but the highest id is 3: the library counts three and gives the next one the id 3.
        const string gap = """{"model":{"type":"WordLevel","unk_token":"u","vocab":{"u":0,"a":1,"b":3}}}""";

        var error = Assert.Throws<FileFormatException>(() => TokenizerFixtures.Load(gap, ("tokenizer_config.json", """{"pad_token":"<p>"}""")));

        Assert.Contains("tokens 'b' and '<p>' share the id 3", error.Message, StringComparison.Ordinal);
    }

    private static void Check(string ids, string decoded, params (string Name, string Content)[] others)
    {
        var tokenizer = TokenizerFixtures.Load(Json, others);

        Assert.Equal(ids, string.Join(' ', tokenizer.Encode(Text, addSpecialTokens: false)));
        Assert.Equal(decoded, tokenizer.Decode([1, 3, 9, .. tokenizer.IdOf("<new>") is { } added ? [added] : Array.Empty<int>()]));
    }
}
