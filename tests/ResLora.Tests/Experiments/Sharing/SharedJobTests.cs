using ResLora.Experiments.Sharing;
using ResLora.Formats.Errors;
using ResLora.Tests.Support;
using ResLora.Tests.Training.Distributed;
using Xunit;

namespace ResLora.Tests.Experiments.Sharing;

public sealed class SharedJobTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void RequireAlike_RanksThatAreAlike_Begin()
    {
        var file = _folder.Write("data.txt", "one");

        var errors = ThreadRanks.Run(3, rank => Record.Exception(
            () => SharedJob.RequireAlike(rank, new { Seed = 1, Name = (string?)null }, [("data", file), ("adapter", null)])));

        Assert.All(errors, Assert.Null);
    }

    [Theory]
    [InlineData(2, "one", true, "seed (1 on rank 0, 2 here)")]
    [InlineData(1, "two", true, "data (")]
    [InlineData(1, "one", false, "data (")]
    public void RequireAlike_RankThatDiffers_IsToldWhat(int seed, string text, bool hasData, string part)
    {
        string[] files = [_folder.Write("first.txt", "one"), _folder.Write("second.txt", text)];

        var errors = ThreadRanks.Run(2, rank => Record.Exception(() => SharedJob.RequireAlike(
            rank, new { Seed = rank.Rank == 0 ? 1 : seed }, [("data", rank.Rank == 0 || hasData ? files[rank.Rank] : null)])));

        var error = Assert.IsType<ConfigException>(errors[1]);
        Assert.Contains("It does not do the same as rank 0 on host-0: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.NotNull(errors[0]);
    }

    [Fact]
    public void RequireAlike_FileThatIsNotThere_IsNamed()
    {
        var errors = ThreadRanks.Run(
            2, rank => Record.Exception(() => SharedJob.RequireAlike(rank, new { }, [("model", _folder["none"])])));

        Assert.All(errors, error => Assert.StartsWith(
            "The model is not there", Assert.IsType<FileFormatException>(error).Message, StringComparison.Ordinal));
    }
}
