using ResLora.Formats;
using Xunit;

namespace ResLora.Tests.Formats;

public sealed class ShellWordTests
{
    [Theory]
    [InlineData("runs/a-b_1/best", "runs/a-b_1/best")]
    [InlineData("my runs/best", "'my runs/best'")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("$(x) `y` \"z\" *", "'$(x) `y` \"z\" *'")]
    [InlineData("", "''")]
    public void Quote_OfAnyText_IsOneWordOfAShell(string text, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "another shell");

        Assert.Equal(expected, ShellWord.Quote(text));
    }
}
