using ResLora.Cli.Rendering;
using Spectre.Console;
using Spectre.Console.Testing;
using Xunit;

namespace ResLora.EndToEnd.Tests.Rendering;

public sealed class LayoutTests
{
    private const string Path = "/home/somebody/a-long-path/that-is-wider/than-the-narrowest/of-the-terminals/runs/first";

    private static readonly string[] _cells =
        ["self_attn.q_proj", "12,345,678", "0.1234", "39.2 % to 52.9 %", "merged approximately by some method with a long name"];

    [Theory]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(200)]
    public void Tables_OnTerminalsOfAnyWidth_NeverBreakAWordOrANumber(int width)
    {
        var table = Tables.Of("module", "parameters>", "loss>", "95 % interval>", "how");
        table.Row(_cells);
        table.Row(_cells);

        var lines = Drawn(width, terminal => terminal.Write(table));

        Assert.All(lines, line => Assert.True(line.Length <= width, line));
        Assert.All(_cells[..4], cell => Assert.Equal(2, lines.Count(line => line.Contains(cell, StringComparison.Ordinal))));
        Assert.All(_cells[4].Split(' '), word => Assert.Equal(2, lines.SelectMany(line => line.Split(' ')).Count(found => found == word)));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(200)]
    public void Facts_OnTerminalsOfAnyWidth_KeepPathsAndNumbersWhole(int width)
    {
        var lines = Drawn(width, terminal => terminal.Write(Tables.Facts(
        [
            new("largest logit difference", "5.2 % of 100.0 MB, which is a value of many words that goes on and on and on"),
            new("run", Path),
        ])));

        Assert.All(lines.Where(line => !line.Contains(Path, StringComparison.Ordinal)), line => Assert.True(line.Length <= width, line));
        Assert.Single(lines, line => line.EndsWith(Path, StringComparison.Ordinal));
        Assert.Single(lines, line => line.Contains("5.2 %", StringComparison.Ordinal));
        Assert.Single(lines, line => line.Contains("100.0 MB", StringComparison.Ordinal));
    }

    [Fact]
    public void Sentence_WiderThanTheTerminal_IsBrokenBetweenWords()
    {
        var lines = Drawn(20, terminal => Tables.Sentence(terminal, "These words fit in lines of twenty cells.\nAnother line."));

        Assert.Equal(["These words fit in", "lines of twenty", "cells.", "Another line."], lines);
    }

    [Fact]
    public void Tables_WithoutUnicode_AreAscii()
    {
        var table = Tables.Of("a", "b>");
        table.Row("x", "1");

        var lines = Drawn(80, terminal => terminal.Write(table), unicode: false);

        Assert.All(lines, line => Assert.All(line, c => Assert.True(char.IsAscii(c), line)));
        Assert.Contains(lines, line => line.StartsWith("---", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("C", null, null, null, false)]
    [InlineData("POSIX", null, "en_US.UTF-8", null, false)]
    [InlineData(null, "de_DE.ISO-8859-1", "de_DE.UTF-8", null, false)]
    [InlineData(null, null, "en_US.UTF-8", "xterm-256color", true)]
    [InlineData("", "", "C.utf8", null, true)]
    [InlineData("C.UTF-8", null, "C", "dumb", false)]
    public void Locale_OfAnEnvironment_SaysWhetherUnicodeIsDrawn(
        string? all, string? type, string? lang, string? terminal, bool expected) =>
            Assert.Equal(
                expected,
                TerminalLocale.ShowsUnicode(
                    name => name switch { "LC_ALL" => all, "LC_CTYPE" => type, "LANG" => lang, "TERM" => terminal, _ => null }));

    [Fact]
    public void ClearedLines_OnATerminal_ClearWhatIsBehindThem()
    {
        using var console = new TestConsole().Width(80).EmitAnsiSequences();

        console.Write(new ClearedLines(new Prose("short\nlines")));

        Assert.Equal("short\u001b[K\nlines\u001b[K\n", console.Output);
    }

    /// <summary>The lines drawn, none of which is padded.</summary>
    private static string[] Drawn(int width, Action<IAnsiConsole> draw, bool unicode = true)
    {
        using var console = new TestConsole().Width(width);
        console.Profile.Capabilities.Unicode = unicode;
        draw(console);
        var lines = console.Output.TrimEnd('\n').Split('\n');
        Assert.All(lines, line => Assert.Equal(line.TrimEnd(), line));
        return lines;
    }
}
