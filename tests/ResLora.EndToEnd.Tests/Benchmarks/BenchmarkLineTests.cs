using ResLora.Benchmarks;
using ResLora.Cli;
using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests.Benchmarks;

public sealed class BenchmarkLineTests
{
    private static readonly string[] _shown =
        ["gemm", "step", "pictures", "denoise", "structures", "lengths", "memory", "load", "chat", "start", "ranks", "decode", "merge"];

    [Fact]
    public void Help_OfEveryVerb_SaysWhatItAnswersAndWhatItsOptionsMean()
    {
        foreach (var verb in BenchmarkLine.Create().Subcommands.Where(verb => !verb.Hidden))
        {
            var help = string.Join(
                ' ', Run(verb.Name, "--help").Expect(ExitCode.Done).Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

            Assert.Contains(verb.Description!, help, StringComparison.Ordinal);
            Assert.All(verb.Options, option => Assert.False(string.IsNullOrWhiteSpace(option.Description), $"{verb.Name} {option.Name}"));
            Assert.All(verb.Options, option => Assert.Contains(option.Name, help, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Help_OfTheProgram_ListsWhatIsForPeople()
    {
        var verbs = BenchmarkLine.Create().Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name).ToArray();

        var help = Run("--help").Expect(ExitCode.Done).Output;

        Assert.Equal(_shown, verbs);
        Assert.All(verbs, verb => Assert.Contains($"\n  {verb} ", help, StringComparison.Ordinal));
        Assert.DoesNotContain("step-child", help, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadmeOfBenchmarks_HasARowForEveryVerb()
    {
        var readme = File.ReadAllText(Path.Combine(Approved.Root, "bench", "README.md"));

        Assert.All(_shown, verb => Assert.Contains($"\n| `{verb}` |", readme, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("There is no command 'stpe'", "stpe")]
    [InlineData("See 'ResLora.Benchmarks step --help'", "step", "--rouns", "3")]
    [InlineData("--rounds must be 1 or more", "step", "--rounds", "0")]
    [InlineData("--tokens must be 2 or more", "step", "--tokens", "1")]
    [InlineData("--data", "lengths", "--model", "m")]
    [InlineData("--model", "chat")]
    [InlineData("'no/tool' is not there", "start", "--tool", "no/tool")]
    public void Run_OfALineThatCannotBe_SaysWhatIsWrong(string expected, params string[] arguments)
    {
        var result = Run(arguments).Expect(ExitCode.BadInput);

        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("num_attention_heads (3)", "gemm", "--heads", "3")]
    [InlineData("--dtype is 'int4'", "structures", "--dtype", "int4")]
    [InlineData("--shortcut is 'all'", "memory", "--shortcut", "all")]
    [InlineData("--lengths is '1'; it must be whole numbers, 2 or more", "memory", "--lengths", "1")]
    [InlineData("--batches is '1,no'", "decode", "--batches", "1,no")]
    public void Run_OfAShapeThatCannotBe_SaysWhatIsWrong(string expected, params string[] arguments)
    {
        var result = Run(arguments).Expect(ExitCode.BadInput);

        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
    }

    private static ToolResult Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var streams = new CommandStreams(
            output, CommandStreams.Over(output, isRedirected: true), CommandStreams.Over(error, isRedirected: true), IsLive: false);
        var exitCode = CommandLine.Run(BenchmarkLine.Create(), arguments, streams);
        return new ToolResult(exitCode, output.ToString(), error.ToString());
    }
}
