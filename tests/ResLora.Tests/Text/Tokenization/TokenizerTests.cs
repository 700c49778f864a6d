using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using ResLora.Text.Tokenization;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

public class TokenizerTests
{
    private static readonly Tokenizer _byteLevel = TokenizerFixtures.ByteLevel();
    private static readonly Tokenizer _sentencePiece = TokenizerFixtures.Load(TokenizerFixtures.SentencePiece().ToJsonString());

    private static readonly Config _seeded = Config.QuickThrowOnFailure.WithMaxTest(500).WithReplay(20240229UL, 1UL);

    // Arbitrary UTF-16 units, lone surrogates included, among text that the vocabularies know.
    private static readonly Arbitrary<string> _anyText = Gen.OneOf(
        Gen.Choose(0, char.MaxValue).Select(unit => ((char)unit).ToString()),
        Gen.Choose(0x10000, 0x10FFFF).Select(char.ConvertFromUtf32),
        Gen.Elements(" ", "  ", "\n", "the", " the", "7", "é", "e\u0301", "日本", "'s", "ab", "▁", "𝑥", "\r\n")).ArrayOf()
        .Select(string.Concat).ToArbitrary();

    [Fact]
    public void Decode_OfEncodedText_ByteLevel_GivesTheTextBack() =>
        Prop.ForAll(_anyText, text => _byteLevel.Decode(_byteLevel.Encode(text, false), false) == AsUtf8(text))
            .Check(_seeded);

    // The blank stands for the mark, so a mark of the text itself comes back as a blank, in Hugging Face's library too.
    [Fact]
    public void Decode_OfEncodedText_ByteFallback_GivesTheTextBack() =>
        Prop.ForAll(_anyText, text => _sentencePiece.Decode(_sentencePiece.Encode(text, false), false) == AsUtf8(text).Replace('▁', ' '))
            .Check(_seeded);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void StreamingDecoder_RandomIds_EqualsDecode(bool byteLevel)
    {
        var tokenizer = byteLevel ? _byteLevel : _sentencePiece;
        var ids = Gen.Choose(-1, tokenizer.VocabularySize).ArrayOf().ToArbitrary();

        Prop.ForAll(ids, Gen.Elements(true, false).ToArbitrary(), (sequence, skip) =>
        {
            var decoder = tokenizer.CreateStreamingDecoder(skip);
            var parts = sequence.Select(decoder.Add).ToList();
            parts.Add(decoder.Flush());
            return string.Concat(parts) == tokenizer.Decode(sequence, skip) && parts.All(part => part == AsUtf8(part));
        }).Check(_seeded);
    }

    [Fact]
    public void StreamingDecoder_CharacterOverSeveralTokens_ComesWhole()
    {
        var ids = _byteLevel.Encode("a😀", addSpecialTokens: false);
        var decoder = _byteLevel.CreateStreamingDecoder();

        var parts = ids.Select(decoder.Add).ToList();

        Assert.Equal(["a", "", "", "", "😀"], parts);
        Assert.Equal("", decoder.Flush());
    }

    [Theory]
    [InlineData("ab", "<s>|▁ab")]
    [InlineData("abc", "<s>|▁a|bc")] // "b c" outranks "▁a b"
    [InlineData("a b", "<s>|▁a|▁|b")]
    [InlineData("𝑥a", "<s>|▁|𝑥a")] // a character above U+FFFF is one symbol
    [InlineData("é", "<s>|▁|<0xC3>|<0xA9>")]
    [InlineData("a</s>b", "<s>|▁a|</s>|▁|b")] // every stretch between added tokens is normalized by itself
    [InlineData("", "<s>")]
    public void Encode_SentencePieceStyle_GivesTheseTokens(string text, string expected)
    {
        var ids = _sentencePiece.Encode(text);

        Assert.Equal(expected, string.Join('|', ids.Select(id => _sentencePiece.TokenOf(id))));
    }

    [Fact]
    public void Decode_InvalidByteRun_GivesOneReplacementAByte()
    {
        int[] ids = [.. "<0xC3> <0xA9> <0xC3> a".Split(' ').Select(token => _sentencePiece.IdOf(token)!.Value)];

        var text = _sentencePiece.Decode(ids);

        Assert.Equal("\uFFFD\uFFFD\uFFFDa", text);
    }

    [Theory]
    [InlineData("lstrip", "a  [M] b", "▁a|[M]|▁|▁|b")]
    [InlineData("rstrip", "a  [M] b", "▁a|▁|▁|[M]|▁|b")]
    [InlineData("single_word", "a[M]", "▁a|[M]")] // "]" and the end are no word characters, but "a" is
    public void Encode_AddedTokenFlags_AreHonoured(string flag, string text, string expected)
    {
        var json = TokenizerFixtures.SentencePiece();
        json["added_tokens"]!.AsArray().Add(TokenizerFixtures.Added(300, "[M]", flags: $",\"{flag}\":true"));
        var tokenizer = TokenizerFixtures.Load(json.ToJsonString());

        var tokens = tokenizer.Encode(text, addSpecialTokens: false).Select(id => tokenizer.TokenOf(id)).ToList();

        if (flag == "single_word")
        {
            Assert.DoesNotContain("[M]", tokens);
        }
        else
        {
            Assert.Equal(expected, string.Join('|', tokens));
        }

        Assert.Equal(301, tokenizer.VocabularySize);
    }

    [Fact]
    public void Encode_BlankThatStripsBlanks_CountsOnceARun()
    {
        var json = TokenizerFixtures.SentencePiece();
        json["added_tokens"]!.AsArray().Add(TokenizerFixtures.Added(269, " ", flags: ",\"lstrip\":true,\"rstrip\":true"));
        var tokenizer = TokenizerFixtures.Load(json.ToJsonString());

        // As in tokenizers 0.23.1: the first of the run has swallowed the others.
        Assert.Equal(["▁a", " ", "▁", "b"], tokenizer.Encode("a   b", addSpecialTokens: false).Select(id => tokenizer.TokenOf(id)));
    }

    [Theory]
    [InlineData("always", "ab ab", "▁ab|▁ab", "a</s>a", "▁a|</s>|▁a")]
    [InlineData("first", "ab ab", "▁ab|▁ab", "a</s>a", "▁a|</s>|a")]
    [InlineData("never", "ab ab", "ab|▁ab", "a</s>a", "a|</s>|a")]
    public void Encode_Metaspace_PrependsAsTheSchemeSays(string scheme, string one, string expectedOne, string two, string expectedTwo)
    {
        var json = TokenizerFixtures.SentencePiece();
        json["normalizer"] = null;
        json["pre_tokenizer"] = JsonNode.Parse($$"""{"type":"Metaspace","replacement":"▁","prepend_scheme":"{{scheme}}","split":false}""");
        json["decoder"] = json["pre_tokenizer"]!.DeepClone();
        var tokenizer = TokenizerFixtures.Load(json.ToJsonString());

        string Tokens(string text) => string.Join('|', tokenizer.Encode(text, false).Select(id => tokenizer.TokenOf(id)));

        Assert.Equal(expectedOne, Tokens(one));
        Assert.Equal(expectedTwo, Tokens(two));
        Assert.Equal(one, tokenizer.Decode(tokenizer.Encode(one)));
    }

    [Fact]
    public void Encode_IgnoreMerges_TakesTheWholeWord()
    {
        var json = TokenizerFixtures.SentencePiece();
        json["model"]!["ignore_merges"] = true;
        json["model"]!["vocab"]!["▁ccc"] = 400;
        var tokenizer = TokenizerFixtures.Load(json.ToJsonString());

        Assert.Equal([400], tokenizer.Encode("ccc", addSpecialTokens: false));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 3)]
    public void Encode_UnknownCharacters_FuseAsTold(bool fuse, int expected)
    {
        var json = TokenizerFixtures.SentencePiece();
        json["model"]!["byte_fallback"] = false;
        json["model"]!["fuse_unk"] = fuse;
        var tokenizer = TokenizerFixtures.Load(json.ToJsonString());

        var ids = tokenizer.Encode("aßßß", addSpecialTokens: false);

        Assert.Equal(expected, ids.Count(id => id == 0));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1_000_000)]
    public void Encode_LongWord_IsMergedInOrder(int length)
    {
        var ids = _sentencePiece.Encode(new string('b', length - 1) + "c", addSpecialTokens: false);

        // "▁", then every b but the last, which joins with c.
        Assert.Equal(length, ids.Count);
        Assert.Equal(_sentencePiece.IdOf("bc"), ids[^1]);
    }

    [Fact]
    public void Load_ConfigBeside_GivesSpecialIdsAndTemplate()
    {
        var tokenizer = TokenizerFixtures.Load(
            TokenizerFixtures.SentencePiece().ToJsonString(),
            ("tokenizer_config.json", """
                {"tokenizer_class":"LlamaTokenizerFast","bos_token":{"content":"<s>","lstrip":false},"pad_token":null,
                 "add_bos_token":false,"add_eos_token":true,"chat_template":[{"name":"tool","template":"x"},{"name":"default","template":"y"}]}
                """),
            ("special_tokens_map.json", """{"eos_token":"</s>"}"""),
            ("generation_config.json", """{"bos_token_id":2,"pad_token_id":[0,5]}"""));

        Assert.Equal((1, 2, 0), (tokenizer.BeginId, tokenizer.EndId, tokenizer.PadId));
        Assert.Equal("y", tokenizer.ChatTemplate);
        // transformers 5 follows tokenizer.json, whatever the flags of tokenizer_config.json say; version 4 gave ▁a and </s>.
        Assert.Equal(["<s>", "▁a"], tokenizer.Encode("a").Select(id => tokenizer.TokenOf(id)));
    }

    [Fact]
    public void Load_NothingBeside_LeavesSpecialIdsNull()
    {
        Assert.Equal((null, null, null), (_sentencePiece.BeginId, _sentencePiece.EndId, _sentencePiece.PadId));
        Assert.Null(_sentencePiece.ChatTemplate);
    }

    private static string AsUtf8(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
