using ResLora.Formats.Errors;
using ResLora.Text.Tokenization;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

/// <summary>BERT's normalizer, words, pieces and pairs, from vocab.txt.</summary>
public class WordPieceTests
{
    private static readonly string[] _vocabulary =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "affable", "the", "##s", "cafe", "!", "$", "中", "i", "##\u0307", "5", "'", "s", "Café",
    ];

    [Theory]
    [InlineData("unaffable", "un ##aff ##able")]
    [InlineData("The thes", "the the ##s")]
    [InlineData("CAFÉ cafe\u0301!", "cafe cafe !")]          // composed and combining accents go
    [InlineData("the\u200bthe\u0000 the\tthe", "[UNK] the the")]   // a zero-width space is taken out, so that "thethe" is one word
    [InlineData("the\u000bs the\fs the\u0085s the\u001cs", "the ##s the ##s the ##s the ##s")] // control characters to BERT, though white space elsewhere
    [InlineData("the中the", "the 中 the")]
    [InlineData("5$!", "5 $ !")]
    [InlineData("the's", "the ' s")]
    [InlineData("unaffablex the", "[UNK] the")]               // no part of an unknown word is kept
    [InlineData("İ", "i")]
    [InlineData("the [MASK] the", "the [MASK] the")]
    [InlineData("", "")]
    [InlineData(" \u3000\n ", "")]
    public void Encode_LowerCaseVocabulary_CutsLikeBert(string text, string expected)
    {
        var tokenizer = Load();

        var tokens = tokenizer.Encode(text, addSpecialTokens: false).Select(tokenizer.TokenOf);

        Assert.Equal(expected, string.Join(' ', tokens));
    }

    [Theory]
    [InlineData("""{ "do_lower_case": false }""", "Café the", "Café the")]
    [InlineData("""{ "do_lower_case": false }""", "Cafe\u0301", "[UNK]")]
    [InlineData("""{ "do_lower_case": true, "strip_accents": false }""", "İ", "i ##\u0307")]
    [InlineData("""{ "do_lower_case": false, "strip_accents": true }""", "the\u0301", "the")]
    [InlineData("""{ "tokenize_chinese_chars": false }""", "the中", "[UNK]")]
    public void Encode_OtherSettings_AreFollowed(string settings, string text, string expected)
    {
        var tokenizer = Load(("tokenizer_config.json", settings));

        Assert.Equal(expected, string.Join(' ', tokenizer.Encode(text, addSpecialTokens: false).Select(tokenizer.TokenOf)));
    }

    [Fact]
    public void Encode_WordLongerThanAHundredCharacters_IsUnknown()
    {
        var tokenizer = Load();

        Assert.Equal([9, .. Enumerable.Repeat(10, 97)], tokenizer.Encode("the" + new string('s', 97), addSpecialTokens: false));
        Assert.Equal([1], tokenizer.Encode("the" + new string('s', 98), addSpecialTokens: false));
    }

    [Fact]
    public void EncodeTexts_Pair_TellsTheTextsApart()
    {
        var encoding = Load().EncodeTexts("the cafe", "un !");

        Assert.Equal([2, 9, 11, 3, 5, 12, 3], encoding.Ids);
        Assert.Equal([0, 0, 0, 0, 1, 1, 1], encoding.TypeIds);
    }

    [Fact]
    public void Load_FolderOfBert_KnowsTheSpecialIds()
    {
        var tokenizer = Load(("tokenizer_config.json", """{ "pad_token": "[PAD]", "mask_token": "[MASK]" }"""));

        Assert.Equal((0, 4), (tokenizer.PadId, tokenizer.MaskId));
        Assert.True(tokenizer.IsSpecial(3));
        Assert.False(tokenizer.IsSpecial(9));
        Assert.Equal("the cafe!", tokenizer.Decode([2, 9, 11, 12, 3]));
    }

    [Theory]
    [InlineData("the\nthe\n[UNK]\n[CLS]\n[SEP]\n", "line 2: token 'the' stands twice")]
    [InlineData("the\n[UNK]\n[CLS]\n", "'[SEP]' is missing, which stands around every text")]
    [InlineData("the\n[CLS]\n[SEP]\n", "unk_token '[UNK]' is not in the vocabulary")]
    public void Load_BrokenVocabulary_SaysWhereAndWhat(string vocabulary, string part)
    {
        using var folder = new TemporaryFolder(("vocab.txt", vocabulary));

        var error = Assert.Throws<FileFormatException>(() => Tokenizer.Load(folder.Path));

        Assert.Contains("vocab.txt", error.Message, StringComparison.Ordinal);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    internal static Tokenizer Load(params (string Name, string Content)[] others)
    {
        using var folder = new TemporaryFolder([("vocab.txt", string.Join('\n', _vocabulary) + "\n"), .. others]);
        return Tokenizer.Load(folder.Path);
    }
}
