using ResLora.Experiments.Sweeping;
using Xunit;

namespace ResLora.Tests.Experiments.Sweeping;

public sealed class RungTests
{
    [Fact]
    public void Of_TwelvePointsHalvedTwice_AreAtAQuarterAndAtHalf() => Assert.Equal(
        [new Rung(0.25, 12, 6), new Rung(0.5, 6, 3)], Rung.Of(new HalvingSettings { Keep = 0.5, Rungs = 2 }, 12));

    [Fact]
    public void Of_AShareThatIsAWholeNumberUpToRounding_KeepsNoneMore() =>
        Assert.Equal([3, 2], Rung.Of(new HalvingSettings { Keep = 0.1, Rungs = 2 }, 30).Select(rung => rung.Kept));

    [Fact]
    public void Of_TwoPoints_LeavesNoneBehind() => Assert.Empty(Rung.Of(new HalvingSettings(), 2));

    [Fact]
    public void Of_NoHalving_HasNone() => Assert.Empty(Rung.Of(null, 12));

    [Theory]
    [InlineData(0.25, 120, 30)]
    [InlineData(0.25, 10, 2)]
    [InlineData(0.5, 3, 2)]
    public void StepOf_ARun_IsTheNearestWholeStep(double share, int steps, int expected) =>
        Assert.Equal(expected, new Rung(share, 4, 2).StepOf(steps));
}
