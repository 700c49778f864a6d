using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;
using Xunit;

namespace ResLora.Tests.Text.Data;

public sealed class DataSplitTests
{
    private static readonly Sample[] _samples = [.. Enumerable.Range(0, 100).Select(i => new Sample($"prompt {i}", $"{i}"))];

    [Fact]
    public void HoldOut_OneSeed_GivesTwoDisjointPartsInOrderEachTime()
    {
        var (train, heldOut) = DataSplit.HoldOut(_samples, 20, seed: 3);
        var again = DataSplit.HoldOut(_samples, 20, seed: 3);

        Assert.Equal(20, heldOut.Count);
        Assert.Empty(train.Intersect(heldOut));
        Assert.Equal(_samples, train.Concat(heldOut).OrderBy(sample => Array.IndexOf(_samples, sample)));
        Assert.Equal(train.OrderBy(sample => Array.IndexOf(_samples, sample)), train);
        Assert.Equal(heldOut, again.HeldOut);
        Assert.NotEqual(heldOut, DataSplit.HoldOut(_samples, 20, seed: 4).HeldOut);
    }

    [Fact]
    public void HoldOut_EqualPrompts_StayOnOneSide()
    {
        Sample[] samples = [.. Enumerable.Range(0, 100).Select(i => new Sample($"prompt {i / 4}", $"{i}"))];

        var (train, heldOut) = DataSplit.HoldOut(samples, 22, seed: 1);

        Assert.Equal(20, heldOut.Count);
        Assert.Empty(train.Select(sample => sample.Prompt).Intersect(heldOut.Select(sample => sample.Prompt)));
    }

    [Fact]
    public void HoldOut_EqualPairsWithLabels_StayOnOneSide()
    {
        LabelledText[] texts =
            [.. Enumerable.Range(0, 100).Select(i => new LabelledText(i, "the same", $"text {i / 4}") { Label = i % 2 })];

        var (train, heldOut) = DataSplit.HoldOut(texts, 22, seed: 1);

        Assert.Equal((80, 20), (train.Count, heldOut.Count));
        Assert.Empty(train.Select(text => text.SecondText).Intersect(heldOut.Select(text => text.SecondText)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void HoldOut_NothingOrEverything_IsAnError(int count)
    {
        Assert.Throws<ConfigException>(() => DataSplit.HoldOut(_samples, count, seed: 1));
    }

    [Fact]
    public void HoldOut_OnlyOneSample_AsksForNoValidationOrAFile()
    {
        var error = Assert.Throws<ConfigException>(() => DataSplit.HoldOut([new Sample("a", "b")], 1, seed: 1));

        Assert.Equal(
            "There is only 1 sample, so none can be held out for validation; set validationCount to 0, or name a validation file.",
            error.Message);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(24, 2)]
    [InlineData(999, 99)]
    [InlineData(5000, 100)]
    public void UsualCount_AnyNumberOfSamples_IsATenthOfThem(int samples, int expected) =>
        Assert.Equal(expected, DataSplit.UsualCount(samples, 100));

    [Theory]
    [InlineData(" ", 901)]
    [InlineData("\n", 901)]
    public void HoldOutEnd_LongText_DividesItWithoutLoss(string breaks, int expected)
    {
        var text = new Sample("", string.Concat(Enumerable.Repeat("nine char" + breaks, 100))[..1000]);

        var (train, heldOut) = DataSplit.HoldOutEnd(text);

        Assert.Equal(text.Completion, Assert.Single(train).Completion + Assert.Single(heldOut).Completion);
        Assert.InRange(train[0].Completion.Length, 900, expected + 9);
        Assert.True(breaks == " " || train[0].Completion.EndsWith('\n'));
    }

    [Fact]
    public void HoldOutEnd_ShortTextOrPrompt_IsRefused()
    {
        Assert.Throws<ConfigException>(() => DataSplit.HoldOutEnd(new Sample("", "short")));
        Assert.Throws<ConfigException>(() => DataSplit.HoldOutEnd(new Sample("a", new string('x', 5000))));
    }
}
