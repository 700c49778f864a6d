using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests;

public sealed class HelpTests
{
    [Theory]
    [InlineData("quickstart")]
    [InlineData("doctor")]
    [InlineData("init")]
    [InlineData("pull")]
    [InlineData("plan")]
    [InlineData("train")]
    [InlineData("compare")]
    [InlineData("sweep")]
    [InlineData("analyze")]
    [InlineData("report")]
    [InlineData("evaluate")]
    [InlineData("generate")]
    [InlineData("chat")]
    [InlineData("imagine")]
    [InlineData("strip")]
    [InlineData("import")]
    [InlineData("predict")]
    [InlineData("judge")]
    [InlineData("merge")]
    [InlineData("export")]
    [InlineData("inspect")]
    [InlineData("pretrain")]
    [InlineData("verify")]
    public void Help_OfAVerb_IsAsApproved(string verb) => Approved.Check($"help-{verb}", InProcess.Run(verb, "--help").Expect(0).Output);

    [Fact]
    public void Help_OfTheTool_IsAsApproved()
    {
        Approved.Check("help", InProcess.Run("--help").Expect(0).Output);
        Assert.Equal(InProcess.Run("--help").Output, InProcess.Run().Expect(0).Output);
    }

    [Fact]
    public void Usage_Mistakes_AreExplainedAsApproved()
    {
        string[][] lines =
        [
            ["trian", "x.yaml"],
            ["train"],
            ["train", "x.yaml", "--rseume"],
            ["generate", "--model", "m"],
            ["generate", "--model", "m", "--prompt", "p", "--max-new-tokens", "many"],
            ["inspect", "a", "b"],
        ];

        var text = string.Concat(lines.Select(line => $"$ reslora {string.Join(' ', line)}\n{InProcess.Run(line).Expect(2).Error}\n"));

        Approved.Check("usage", text);
    }
}
