using ResLora.Formats.Errors;
using Xunit;

namespace ResLora.Tests.Formats.Errors;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("q_prj", " Did you mean 'q_proj'?")]
    [InlineData("Q_PROJ", " Did you mean 'q_proj'?")]
    [InlineData("something else", "")]
    [InlineData("", "")]
    public void Suggestion_IsTheNearestNameOrNothing(string wanted, string expected) =>
        Assert.Equal(expected, NearestName.Suggestion(wanted, ["v_proj", "q_proj", "down_proj"]));

    [Fact]
    public void Find_BestFirstThenByName() => Assert.Equal(["ab", "aa", "ac"], NearestName.Find("ab", ["ac", "bbb", "aa", "ab", "aa"]));

    [Fact]
    public void Suggestion_NamesWithoutEnd_LooksAtSomeOnly()
    {
        var looked = 0;

        _ = NearestName.Suggestion("name", Enumerable.Range(0, int.MaxValue).Select(number => $"n{looked = number}"));

        Assert.InRange(looked, 1, 100_000);
    }

    [Fact]
    public void Suggestion_MegabytesOfName_ComparesNothing()
    {
        var looked = 0;
        var huge = new string('a', 50_000_000);

        Assert.Equal("", NearestName.Suggestion(huge, Enumerable.Range(0, 3).Select(number => $"n{looked = number}")));
        Assert.Equal("", NearestName.Suggestion("a", [huge]));
        Assert.Equal(0, looked);
    }
}
