using System.Text.RegularExpressions;
using ResLora.Adapters;
using ResLora.Cli;
using ResLora.Cli.Rendering;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.EndToEnd.Tests.Rendering;

public sealed partial class NextCommandsTests
{
    private static readonly RunConfig _config = new()
    {
        Model = Path.GetFullPath("my base"),
        Task = "completion",
        Data = new DataConfig { Train = "/data/it's.jsonl", Columns = new Dictionary<string, string> { ["prompt"] = "the question" } },
    };

    private static readonly RunConfig _pictures = _config with
    {
        Model = Path.GetFullPath("base"),
        Task = "image-classification",
        Data = new DataConfig { Train = Path.GetFullPath("pictures"), Columns = new Dictionary<string, string> { ["label"] = "category" } },
        Adapter = new AdapterConfig(),
    };

    [Fact]
    public void After_ARunWithAnAdapter_AreCommandsThatCanBeCopied()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "another shell");

        var lines = Lines(_config, "Is it?");

        Assert.Equal(
            [
                "evaluate --model 'my base' --adapter 'my run/last' --task completion --data '/data/it'\\''s.jsonl' --column 'prompt=the question' --limit 100   # these are training data: better name data that it has not seen",
                "merge --adapter 'my run/last' --as model --output 'my run/merged'",
                "generate --model 'my base' --adapter 'my run/last' --prompt 'Is it?'",
            ],
            lines);
    }

    [Fact]
    public void After_ARunOfAllWeights_NameItsModel()
    {
        var lines = Lines(_config with { Adapter = null, Data = new DataConfig { Train = "t", Validation = "v.jsonl" } }, "two\nlines");

        Assert.Equal(2, lines.Length);
        Assert.EndsWith("--task completion --data v.jsonl", lines[0], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.DoesNotContain("--adapter", line, StringComparison.Ordinal));
        Assert.DoesNotContain(lines[1], char.IsControl);
    }

    [Fact]
    public void After_ARunWithLabels_Predict() => Assert.Equal(
        "predict --model base --adapter 'my run/last' --task image-classification --data pictures --column label=category",
        Lines(_pictures, null)[^1]);

    [Theory]
    [InlineData("completion", "t.jsonl", "prompt", "Is it?")]
    [InlineData("classification", "t.jsonl", "text", null)]
    [InlineData("sst2", ".", "text", null)]
    [InlineData("image-classification", ".", "label", null)]
    [InlineData("image-classification", "t.parquet", "image", null)]
    public void After_AnyRun_AreCommandsThatTheToolKnows(string task, string train, string column, string? prompt)
    {
        var data = new DataConfig { Train = Path.GetFullPath(train), Columns = new Dictionary<string, string> { [column] = "my column" } };
        RunConfig[] runs =
        [
            _config with { Task = task, Data = data, Adapter = new AdapterConfig() },
            _config with { Task = task, Data = data, Adapter = null },
            _config with { Task = task, Data = data with { Validation = Path.GetFullPath(train) }, Adapter = null },
        ];

        foreach (var line in runs.SelectMany(run => Lines(run, prompt)))
        {
            Assert.Empty(CommandLine.Create().Parse(Words(line)).Errors.Select(error => $"{line}: {error.Message}"));
        }
    }

    /// <summary>A line as a shell takes it apart; what follows a # is a comment.</summary>
    private static string[] Words(string line) =>
        [.. Word().Matches(line.Split("   #")[0]).Select(word => word.Value.Replace("'\\''", "\0", StringComparison.Ordinal).Replace("'", "", StringComparison.Ordinal).Replace('\0', '\''))];

    [GeneratedRegex(@"(?:'[^']*'|\\'|[^\s'])+")]
    private static partial Regex Word();

    /// <summary>The lines from the command on: what stands before it depends on the current folder.</summary>
    private static string[] Lines(RunConfig config, string? prompt)
    {
        var report =
            new TrainReport(Path.GetFullPath("my run"), 1, new TrainResult(1, 1, null, 0, Interrupted: false, [])) { Prompt = prompt };
        return [.. NextCommands.After(config, report).Select(line => Verb().Match(line).Value)];
    }

    [GeneratedRegex(@"\b(evaluate|merge|generate|predict) --.*", RegexOptions.Singleline)]
    private static partial Regex Verb();
}
