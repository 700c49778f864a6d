using ResLora.Text.Data;
using ResLora.Training.Evaluation;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Training.Evaluation;

public class TokenBatchTests
{
    [Fact]
    public void Collate_UnequalLengths_PadsOnTheRightAndShiftsLabels()
    {
        TokenizedSample[] samples = [new([5, 6, 7], [-100, 6, 7]), new([5, 8], [5, 8])];

        using var batch = TokenBatch.Collate(samples, padId: 9, CPU);

        Assert.Equal([5, 6, 7, 5, 8, 9], batch.Ids.data<long>());
        Assert.Equal([1, 1, 1, 1, 1, 0], batch.TokenMask!.data<long>());
        Assert.Equal([0, 1, 3], batch.Positions.data<long>());
        Assert.Equal([6, 7, 8], batch.Targets.data<long>());
        Assert.Equal([2, 1], samples.Select(TokenBatch.TrainedTokens));
    }

    [Fact]
    public void Collate_EqualLengths_NeedsNoMask()
    {
        using var batch = TokenBatch.Collate([new([5, 6], [-100, 6]), new([7, 8], [-100, 8])], padId: 0, CPU);

        Assert.Null(batch.TokenMask);
    }

    [Fact]
    public void Pack_UnequalLengths_PutsOneBehindAnotherAndPredictsNoFirstToken()
    {
        TokenizedSample[] samples = [new([5, 6, 7], [-100, 6, 7]), new([4], [-100]), new([5, 8], [5, 8])];

        using var batch = TokenBatch.Pack(samples, CPU);

        Assert.Equal([1, 16], batch.Ids.shape);
        Assert.Equal([5, 6, 7, 4, 5, 8], batch.Ids.data<long>().ToArray()[..6]);
        Assert.Equal([3, 1, 2, 10], batch.Packed!);
        Assert.Equal([1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], batch.TokenMask!.data<long>());
        Assert.Equal([0, 1, 4], batch.Positions.data<long>());
        Assert.Equal([6, 7, 8], batch.Targets.data<long>());
    }

    [Fact]
    public void Pack_EqualLengthsOfAUsualSize_PutsSideBySide()
    {
        TokenizedSample sample = new([5, 6, 7, 8, 9, 5, 6, 7], [-100, -100, -100, -100, -100, -100, -100, 7]);

        using var batch = TokenBatch.Pack([sample, sample], CPU);

        Assert.Equal([2, 8], batch.Ids.shape);
        Assert.Null(batch.Packed);
        Assert.Equal([6, 14], batch.Positions.data<long>());
    }

    [Fact]
    public void Pack_EqualLengthsOfAnotherSize_FillsUp()
    {
        using var batch = TokenBatch.Pack([new([5, 6], [-100, 6]), new([7, 8], [-100, 8])], CPU);

        Assert.Equal([1, 16], batch.Ids.shape);
        Assert.Equal([2, 2, 12], batch.Packed!);
        Assert.Equal([0, 2], batch.Positions.data<long>());
    }
}
