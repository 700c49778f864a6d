using ResLora.Experiments.Verification;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.Tests.Experiments.Verification;

public sealed class TrainedDifferenceTests
{
    private const double Rate = 0.001;

    [Theory]
    [InlineData(1, 0.0019, 0)]      // one in a thousand, within two steps of opposite directions
    [InlineData(1, 0.0021, 0.21)]   // no rounding makes that much
    [InlineData(2, 0.0019, 0.19)]   // more than one in a thousand
    public void Of_NumbersThatDiffer_CountsAllButOneInAThousand(int count, double by, double expected)
    {
        using var scope = NewDisposeScope();
        var wanted = full(1152, 0.01, dtype: float32);
        var trained = wanted.clone();
        trained[..count] += by;

        Assert.Equal(expected, TrainedDifference.Of(trained, wanted, Rate), 1e-4);
    }

    [Fact]
    public void Of_ASmallTensor_LeavesNothingOut()
    {
        using var scope = NewDisposeScope();
        var wanted = full(100, 0.01, dtype: float32);
        var trained = wanted.clone();
        trained[7] += Rate;

        Assert.Equal(0.1, TrainedDifference.Of(trained, wanted, Rate), 1e-4);
    }
}
