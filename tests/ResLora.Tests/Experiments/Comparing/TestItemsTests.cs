using ResLora.Experiments.Comparing;
using Xunit;

namespace ResLora.Tests.Experiments.Comparing;

public sealed class TestItemsTests
{
    [Theory]
    [InlineData(new[] { 1.0, 1, 1 }, new[] { 1.0, 0, 1 }, true)]
    [InlineData(new[] { 1.0, 0, 1 }, new[] { 1.0, 0, 1 }, false)]
    [InlineData(new[] { 1.0, 1, 1 }, new[] { 1.0, 1, 1 }, false)]
    public void HasOneAnswer_OfLabels_IsWhatAModelGivesThatHasLearntNothing(double[] predicted, double[] expected, bool hasOne)
    {
        var items = new TestItems([1, 2, 3]) { Labels = ["no", "yes"], Predicted = predicted, Expected = expected };

        Assert.Equal(hasOne, items.HasOneAnswer);
    }

    [Fact]
    public void HasOneAnswer_OfScores_IsNotSaid()
    {
        var items = new TestItems([1, 2]) { Predicted = [0.5, 0.5], Expected = [0, 1] };

        Assert.False(items.HasOneAnswer);
    }
}
