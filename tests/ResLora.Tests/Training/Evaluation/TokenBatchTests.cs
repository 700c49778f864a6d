using ResLora.Training.Data;
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
}
