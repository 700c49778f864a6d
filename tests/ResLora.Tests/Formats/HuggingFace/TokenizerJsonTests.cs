using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;
using Xunit;

namespace ResLora.Tests.Formats.HuggingFace;

public class TokenizerJsonTests
{
    private const string Small = """
        {"added_tokens":[{"id":0,"content":"<s>","special":true},{"id":9,"content":"<x>","normalized":true,"lstrip":true}],
         "model":{"type":"BPE","unk_token":null,"vocab":{"<s>":0,"a":1,"b":2,"ab":3,"a b":4," b":5},"merges":["a b",["a"," b"]]}}
        """;

    [Fact]
    public void Parse_SmallFile_GivesItsContent()
    {
        var json = TokenizerJson.Parse(Small, "t.json");

        Assert.Equal("BPE", json.Model.Type);
        Assert.Equal(6, json.Model.Vocabulary.Count);
        Assert.Equal([("a", "b"), ("a", " b")], json.Model.Merges);
        Assert.Equal(10, json.VocabularySize);
        Assert.Equal(new TokenizerJsonAddedToken(9, "<x>", false, false, true, false, true), json.AddedTokens[1]);
        Assert.False(json.AddedTokens[0].Normalized);
        Assert.Equal((3, "<x>", null, null), (json.IdOf("ab"), json.TokenOf(9), json.IdOf("c"), json.TokenOf(7)));
        Assert.Null(json.PreTokenizer);
    }

    [Fact]
    public void Parse_NoTypeButMerges_IsBpe()
    {
        var json = TokenizerJson.Parse(Small.Replace("\"type\":\"BPE\",", "", StringComparison.Ordinal), "t.json");

        Assert.Equal("BPE", json.Model.Type);
    }

    [Theory]
    [InlineData("type", "\"Other\"", "model type Other is not supported (supported: BPE, WordPiece, Unigram, WordLevel)")]
    [InlineData("type", "\"Unigram\"", "model.vocab: found {")]
    [InlineData("vocab", "{\"a\":-1}", "model.vocab.a: id -1 is outside 0 to 4194303")]
    [InlineData("vocab", "{\"a\":2000000000}", "id 2000000000 is outside")]
    [InlineData("vocab", "{\"a\":1.5}", "found 1.5, expected a whole number")]
    [InlineData("vocab", "{\"a\":1,\"b\":1}", "tokens 'a' and 'b' share the id 1")]
    [InlineData("vocab", "[]", "model.vocab: found [], expected an object")]
    [InlineData("merges", "[\"a c\"]", "model.merges[0]: the merge of 'a' and 'c' needs the token 'c'")]
    [InlineData("merges", "[\"b a\"]", "needs the token 'ba'")]
    [InlineData("merges", "[\"a\"]", "a merge has two sides, found 1")]
    [InlineData("merges", "[[\"a\",\"b\",\"c\"]]", "a merge has two sides, found 3")]
    [InlineData("merges", "[7]", "model.merges[0]: found 7, expected a list")]
    [InlineData("merges", "{}", "model.merges: found {}, expected a list")]
    [InlineData("dropout", "0.1", "dropout is not supported")]
    [InlineData("continuing_subword_prefix", "\"##\"", "the right side of the merge of 'a' and 'b' does not begin with continuing_subword_prefix '##'")]
    [InlineData("byte_fallback", "1", "found 1, expected true or false")]
    public void Parse_BadModel_SaysWhereAndWhat(string key, string value, string expected)
    {
        var root = JsonNode.Parse(Small)!;
        root["model"]![key] = JsonNode.Parse(value);

        var error = Assert.Throws<FileFormatException>(() => TokenizerJson.Parse(root.ToJsonString(), "t.json"));

        Assert.StartsWith("t.json: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[["a"]]""", "0", "model.vocab[0]: an entry of the vocabulary must be a token and its score")]
    [InlineData("""[["a",-1],["a",-2]]""", "0", "model.vocab[1]: token 'a' stands twice")]
    [InlineData("""[["a","-1"]]""", "0", "model.vocab[0][1]: found \"-1\", expected a number")]
    [InlineData("""[["a",1e999]]""", "0", "expected a number")]
    [InlineData("""[["a",-1]]""", "1", "model.unk_id: id 1 is not in the vocabulary of 1 entries")]
    public void Parse_BadUnigram_SaysWhereAndWhat(string vocabulary, string unknown, string expected)
    {
        var error = Assert.Throws<FileFormatException>(() => TokenizerJson.Parse($$$"""{"model":{"type":"Unigram","unk_id":{{{unknown}}},"vocab":{{{vocabulary}}}}}""", "t.json"));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_DropoutOfZero_IsNone()
    {
        var json = TokenizerJson.Parse(Small.Replace("\"merges\"", "\"dropout\":0.0,\"merges\"", StringComparison.Ordinal), "t.json");

        Assert.Equal("BPE", json.Model.Type);
    }

    [Theory]
    [InlineData("""{"id":3,"content":"<y>"}""", "tokens 'ab' and '<y>' share the id 3")]
    [InlineData("""{"id":8,"content":"ab"}""", "added token 'ab' has the id 8 but 3 in the model's vocabulary")]
    [InlineData("""{"id":9,"content":"<x>"}""", "added token '<x>' stands twice")]
    [InlineData("""{"id":-1,"content":"<y>"}""", "id -1 is outside")]
    [InlineData("""{"id":8,"content":""}""", "its content has 0 characters")]
    [InlineData("""{"content":"<y>"}""", "key 'id' is missing")]
    public void Parse_BadAddedToken_SaysWhereAndWhat(string added, string expected)
    {
        var root = JsonNode.Parse(Small)!;
        root["added_tokens"]!.AsArray().Add(JsonNode.Parse(added));

        var error = Assert.Throws<FileFormatException>(() => TokenizerJson.Parse(root.ToJsonString(), "t.json"));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("[", "not valid JSON")]
    [InlineData("{}", "key 'model' is missing")]
    [InlineData("3", "key 'model' is missing")]
    [InlineData("""{"model":{"type":"BPE","vocab":{},"merges":[]}}""", "the vocabulary is empty")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"a":1},"merges":[]}}""", "token 'a' stands twice")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"\ud800":0},"merges":[]}}""", "not valid JSON")]
    public void Parse_BrokenFile_SaysWhatIsWrong(string text, string expected)
    {
        var error = Assert.Throws<FileFormatException>(() => TokenizerJson.Parse(text, "t.json"));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
