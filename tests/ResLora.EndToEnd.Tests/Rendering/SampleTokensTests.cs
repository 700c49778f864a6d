using ResLora.Cli;
using ResLora.Cli.Rendering;
using ResLora.Text.Data.Chat;
using Spectre.Console;
using Spectre.Console.Testing;
using Xunit;

namespace ResLora.EndToEnd.Tests.Rendering;

public sealed class SampleTokensTests
{
    private static readonly ShownSample _sample = new(1, 1, 1,
    [
        new(
            1,
            "user: old\n",
            TokenUse.Cut), new(2, "user: ", TokenUse.Read), new(3, "hi\n", TokenUse.Read), new(4, "Hel", TokenUse.Trained),
        new(5, "lo\u001b[2J", TokenUse.Trained), new(6, "\n", TokenUse.Read),
    ]);

    [Fact]
    public void Draw_WithoutColours_PutsBracketsAroundRunsOfTokens()
    {
        var text = Drawn(_sample, ColorSystem.NoColors);

        Assert.Contains(
            "sample 1: 5 tokens, 2 trained [+so+], 1 cut off [-so-]\n[-user: old\n-]user: hi\n[+Hello\\u001b[2J+]\n",
            text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_IntoAPipe_PutsBrackets()
    {
        using var writer = new StringWriter();

        CommandStreams.Over(writer, isRedirected: true).Write(new SampleTokens(_sample));

        Assert.Contains("[+Hello", writer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_WithColours_ColoursThem()
    {
        var text = Drawn(_sample, ColorSystem.Standard);

        Assert.Contains("sample 1: 5 tokens, 2 trained (green), 1 cut off (red)\n", text, StringComparison.Ordinal);
        Assert.Contains("\u001b[32mHello\\u001b[2J\u001b[0m", text, StringComparison.Ordinal);
        Assert.Contains("\u001b[9;91muser: old\u001b[0m", text, StringComparison.Ordinal);
        Assert.DoesNotContain("[+", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_PartOfWhatIsLeftOut_SaysWhy()
    {
        var text = Drawn(_sample with { Part = 2, Parts = 3, LeftOut = "its 6 tokens are more than 4" }, ColorSystem.NoColors);

        Assert.Contains("sample 1, part 2 of 3: left out, its 6 tokens are more than 4\n", text, StringComparison.Ordinal);
    }

    private static string Drawn(ShownSample sample, ColorSystem colours)
    {
        using var console = new TestConsole().Width(200).Colors(colours).EmitAnsiSequences();
        console.Write(new SampleTokens(sample));
        return console.Output;
    }
}
