using System.Text.RegularExpressions;
using ResLora.Cli.Rendering;
using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests.Rendering;

public sealed partial class TerminalTextTests : IDisposable
{
    private readonly StringWriter _written = new();

    public void Dispose() => _written.Dispose();

    [Theory]
    [InlineData("\u001b]0;title\u0007", "\\u001b]0;title\\u0007")]
    [InlineData("a\u007fb", "a\\u007fb")]
    [InlineData("\u009b31m", "\\u009b31m")]
    [InlineData("user\u202egnp.exe", "user\\u202egnp.exe")]
    [InlineData("\u2066x\u2069", "\\u2066x\\u2069")]
    [InlineData("a\r\n\tb", "a\\u000d\\u000a\\u0009b")]
    [InlineData("grün, 東京, שלום", "grün, 東京, שלום")]
    public void Escape_OfACell_WritesOutWhatSteersATerminal(string text, string expected) =>
        Assert.Equal(expected, TerminalText.Escape(text));

    [Fact]
    public void Escape_OfLines_KeepsLineFeedsAndTabsOnly() =>
        Assert.Equal("a\n\tb\\u000dc", TerminalText.Escape("a\n\tb\rc", keepsLines: true));

    [Fact]
    public void TerminalWriter_StreamedText_IsEscapedHoweverItIsWritten()
    {
        using var terminal = new TerminalWriter(_written);

        terminal.Write('\u001b');
        terminal.Write("a\u0007\n");
        terminal.Write("b\u009b".ToCharArray());
        terminal.WriteLine("c\u202e");

        Assert.Equal("\\u001ba\\u0007\nb\\u009bc\\u202e\n", _written.ToString().ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData("inspect", "no\u001b[31msuch\u202efolder")]
    [InlineData("tr\u001bain")]
    [InlineData("train", "x.yaml", "--o\u0007")]
    [InlineData("train", "no\u001bsuch.yaml", "--set", "a\u009b=1")]
    [InlineData("generate", "--model", "no\u001bmodel", "--prompt", "p", "--max-new-tokens", "\u001b")]
    [InlineData("export", "--adapter", "a\u001b", "--to", "\u001b[2J")]
    public void Run_ArgumentsWithControlCharacters_AreEchoedEscaped(params string[] arguments)
    {
        var result = InProcess.Run(arguments).Expect(2);

        Assert.DoesNotContain(result.Error + result.Output, c => (char.IsControl(c) && c is not ('\n' or '\r')) || c == '\u202e');
    }

    [Fact]
    public void Sources_OfTheTool_WriteToTheConsoleInOnePlace()
    {
        var folder = Path.Combine(Approved.Root, "src", "ResLora.Cli");
        var raw = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) is not ("Tables.cs" or "CommandStreams.cs"))
            .Where(file => RawWriting().IsMatch(File.ReadAllText(file)));

        Assert.Empty(raw);
    }

    /// <summary>Ways past <see cref="Tables"/> and its tables, lists and sentences, which escape what they are given.</summary>
    [GeneratedRegex(@"Profile\.Out|new (Text|Markup|Paragraph|Table|Grid|Panel)\(|Markup(Line)?\(|Console\.(Out|Error|Write)|\.(Terminal|Log)\.Write(Line)?\(\s*[$""]")]
    private static partial Regex RawWriting();
}
