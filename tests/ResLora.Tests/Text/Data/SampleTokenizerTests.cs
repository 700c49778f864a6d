using ResLora.Formats.Errors;
using ResLora.Text.Data;
using Xunit;

namespace ResLora.Tests.Text.Data;

public sealed class SampleTokenizerTests
{
    private const int Begin = 1;
    private const int End = 2;
    private const int M = TokenizedSample.Masked;

    [Fact]
    public void Tokenize_PromptAndCompletion_TrainsTheCompletionAndTheEnd()
    {
        var tokens = Tokenizer().Tokenize(new Sample("ab", "c"));

        Assert.Equal([Begin, 'a', 'b', 'c', End], tokens.Ids);
        Assert.Equal([M, M, M, 'c', End], tokens.Labels);
        Assert.Equal(2, tokens.TrainedTokens);
    }

    [Fact]
    public void Tokenize_PlainText_TrainsAllButTheFirst()
    {
        var with = Tokenizer().Tokenize(new Sample("", "ab"));
        var without = new SampleTokenizer(Letters, [], End).Tokenize(new Sample("", "ab"));

        Assert.Equal([M, 'a', 'b', End], with.Labels);
        Assert.Equal(['a', 'b', End], without.Ids);
        Assert.Equal([M, 'b', End], without.Labels);
    }

    [Fact]
    public void TokenizeAll_LongTextWithoutAPrompt_IsCutIntoWindowsAndALongCompletionIsLeftOut()
    {
        var data = Tokenizer(new SampleTokenizerOptions { MaxLength = 5 }).TokenizeAll(
            [new Sample("", "abcdefg"), new Sample("p", "abcdefg"), new Sample("", "xyz")]);

        Assert.Equal(
            [[Begin, 'a', 'b', 'c', 'd'], [Begin, 'e', 'f', 'g', End], [Begin, 'x', 'y', 'z', End]],
            data.Samples.Select(sample => sample.Ids));
        Assert.Equal((1, 1), (data.CutIntoWindows, data.TooLong));
    }

    [Theory]
    [InlineData(false, " x")]
    [InlineData(true, "x")]
    public void Tokenize_LeadingBlank_IsLeftToAnEncoderThatAddsIt(bool encoderAddsBlank, string encoded)
    {
        var tokenizer = Tokenizer(new SampleTokenizerOptions { EncoderAddsBlank = encoderAddsBlank });

        var tokens = tokenizer.Tokenize(new Sample("p", " x"));

        Assert.Equal([Begin, 'p', .. encoded.Select(letter => (int)letter), End], tokens.Ids);
    }

    [Fact]
    public void EncodePrompt_AnyPrompt_IsTheBeginningOfTheSample()
    {
        var tokenizer = Tokenizer();

        var prompt = tokenizer.EncodePrompt("abc");

        Assert.Equal(prompt, tokenizer.Tokenize(new Sample("abc", "d")).Ids.Take(prompt.Count));
    }

    [Fact]
    public void Tokenize_EncoderWithItsOwnSpecialTokens_IsAnError()
    {
        var withBegin = new SampleTokenizer(text => [Begin, .. Letters(text)], [Begin], End);
        var withEnd = new SampleTokenizer(text => [.. Letters(text), End], [Begin], End);

        var begin = Assert.Throws<ConfigException>(() => withBegin.Tokenize(new Sample("a", "b")));
        var plain = Assert.Throws<ConfigException>(() => withBegin.Tokenize(new Sample("", "b")));
        var end = Assert.Throws<ConfigException>(() => withEnd.Tokenize(new Sample("", "b")));

        Assert.Contains("begin token (id 1) would stand twice", begin.Message, StringComparison.Ordinal);
        Assert.Contains("begin token", plain.Message, StringComparison.Ordinal);
        Assert.Contains("end token (id 2) would stand twice", end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TokenizeAll_MixedSamples_CountsWhatItDrops()
    {
        var tokenizer = Tokenizer(new SampleTokenizerOptions { MaxLength = 6, MaxUntrainedFraction = 0.25 });

        var data = tokenizer.TokenizeAll([new("ab", "c"), new("ab", "cde"), new("a", "bcd"), new("a", " ")]);

        Assert.Equal(2, data.Samples.Count);
        Assert.Equal(1, data.TooLong);
        Assert.Equal(1, data.Untrained);
        Assert.Equal((2, 3.0, 4), (data.MinTrainedTokens, data.MeanTrainedTokens, data.MaxTrainedTokens));
        Assert.Equal(6, data.LongestSample);
    }

    [Fact]
    public void TokenizeAll_TooManyUntrained_IsAnError()
    {
        var samples = Enumerable.Range(0, 100).Select(i => new Sample("a", i < 2 ? "" : "b"));

        var error = Assert.Throws<ConfigException>(() => Tokenizer().TokenizeAll(samples));

        Assert.Contains("2 of 100 samples have no token to train", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TokenizeAll_NothingFits_SaysHowShortTheShortestIs()
    {
        var tokenizer = Tokenizer(new SampleTokenizerOptions { MaxLength = 3 });

        var error = Assert.Throws<ConfigException>(() => tokenizer.TokenizeAll([new("abc", "d"), new("ab", "c")]));

        Assert.Contains("the shortest has 5", error.Message, StringComparison.Ordinal);
        Assert.Throws<ConfigException>(() => tokenizer.TokenizeAll([]));
    }

    private static SampleTokenizer Tokenizer(SampleTokenizerOptions? options = null) => new(Letters, [Begin], End, options);

    private static int[] Letters(string text) => [.. text.Select(letter => (int)letter)];
}
