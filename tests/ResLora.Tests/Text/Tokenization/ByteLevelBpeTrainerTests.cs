using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Text.Tokenization;
using Xunit;

namespace ResLora.Tests.Text.Tokenization;

public class ByteLevelBpeTrainerTests
{
    private static readonly BpeTrainingOptions _options = new() { VocabularySize = 300 };

    [Fact]
    public void Train_SameTextsInAnyOrder_GivesTheSameTokenizer()
    {
        var one = ByteLevelBpeTrainer.Train(TokenizerFixtures.Texts, _options);
        var other = ByteLevelBpeTrainer.Train(TokenizerFixtures.Texts.Reverse(), _options);

        Assert.Equal(one, other);
    }

    [Fact]
    public void Train_KnownCounts_MergesTheMostFrequentPairFirst()
    {
        // Words: "ab" 3 times, "abc" twice, "zab" once: the pair a b occurs 6 times, then ab c twice; "z ab" once is too rare.
        string[] texts = ["ab\nab\nab", "abc\nabc", "zab"];

        var merges = JsonNode.Parse(ByteLevelBpeTrainer.Train(texts, _options))!["model"]!["merges"]!.AsArray();

        Assert.Equal(["a b", "ab c"], merges.Select(merge => merge!.GetValue<string>()));
    }

    [Fact]
    public void Train_OverlappingPairs_CountsWhatIsLeft()
    {
        // "aaaa": a a, then aa aa.
        var merges = JsonNode.Parse(ByteLevelBpeTrainer.Train(["aaaa", "aaaa"], _options))!["model"]!["merges"]!.AsArray();

        Assert.Equal(["a a", "aa aa"], merges.Select(merge => merge!.GetValue<string>()));
    }

    [Fact]
    public void Train_Defaults_PutsBeginInFrontAndDigitsApart()
    {
        var tokenizer = TokenizerFixtures.Load(
            ByteLevelBpeTrainer.Train(Enumerable.Repeat("12 12", 50), _options),
            ("tokenizer_config.json", ByteLevelBpeTrainer.DescribeConfig(_options, 512)));

        var ids = tokenizer.Encode("12");

        Assert.Equal(["<s>", "1", "2"], ids.Select(id => tokenizer.TokenOf(id)));
        Assert.Equal((0, 1, 2), (tokenizer.BeginId, tokenizer.EndId, tokenizer.PadId));
        Assert.Equal("12", tokenizer.Decode(ids));
    }

    [Fact]
    public void Train_DigitsTogether_MergesNumbers()
    {
        var options = _options with { IndividualDigits = false };

        var tokenizer = TokenizerFixtures.Load(ByteLevelBpeTrainer.Train(Enumerable.Repeat("12 12", 50), options));

        Assert.NotNull(tokenizer.IdOf("12"));
    }

    [Fact]
    public void Train_EnoughText_FillsTheVocabulary()
    {
        var words = Enumerable.Range(0, 400).Select(i => $"{(char)('a' + (i % 26))}{(char)('a' + (i / 26))} ");

        var tokenizer = TokenizerFixtures.Load(ByteLevelBpeTrainer.Train([string.Concat(words.Concat(words))], _options));

        Assert.Equal(_options.VocabularySize, tokenizer.VocabularySize);
    }

    [Fact]
    public void Train_OptionsOutOfRange_IsAConfigError()
    {
        BpeTrainingOptions[] wrong =
        [
            new() { VocabularySize = 258 }, new() { MinimumCount = 0 }, new() { EndToken = "<s>" }, new() { PadToken = "p" },
        ];

        Assert.All(wrong, options => Assert.Throws<ConfigException>(() => ByteLevelBpeTrainer.Train([], options)));
    }

    [Fact]
    public void Train_RobertasLayout_HasItsTokensAndPutsThemAroundTexts()
    {
        var options = new BpeTrainingOptions { VocabularySize = 300, Layout = BpeLayout.Roberta };
        var tokenizer = TokenizerFixtures.Load(
            ByteLevelBpeTrainer.Train(TokenizerFixtures.Texts, options), (
                "tokenizer_config.json", ByteLevelBpeTrainer.DescribeConfig(options, 128)));

        var pair = tokenizer.EncodeTexts("cat", "dog");

        Assert.Equal(["<s>", "<pad>", "</s>", "<unk>", "<mask>"], Enumerable.Range(0, 5).Select(tokenizer.TokenOf));
        Assert.Equal((0, 2, 1, 4), (tokenizer.BeginId, tokenizer.EndId, tokenizer.PadId, tokenizer.MaskId));
        Assert.Equal((0, 2), (pair.Ids[0], pair.Ids[^1]));
        Assert.Equal([2, 2], pair.Ids[1..^1].Where(tokenizer.IsSpecial));
        // The mask takes the blank before it, as a hidden word would.
        Assert.Equal(tokenizer.Encode("the<mask> sat"), tokenizer.Encode("the <mask> sat"));
        Assert.Equal("the sat", tokenizer.Decode(tokenizer.Encode("the <mask> sat")));
    }
}
