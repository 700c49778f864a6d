using ResLora.Formats.Errors;
using ResLora.Training.Data;
using ResLora.Training.Data.Labelling;
using Xunit;

namespace ResLora.Tests.Training.Data;

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
        LabelledText[] texts = [.. Enumerable.Range(0, 100).Select(i => new LabelledText(i, "the same", $"text {i / 4}") { Label = i % 2 })];

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
}
