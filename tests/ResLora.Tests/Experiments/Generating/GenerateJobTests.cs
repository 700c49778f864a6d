using System.Text.Json;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Generating;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Tests.Architecture;
using ResLora.Tests.Support;
using ResLora.Tests.Training.Distributed;
using ResLora.Training;
using ResLora.Training.Generation;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments.Generating;

/// <summary>Prompts for the sample's model, whose texts differ from each other.</summary>
public sealed class GenerateJobTests : IDisposable
{
    // Without roles, which the sample's model has never seen.
    private const string Template =
        "{% for m in messages %}{{ m.content }} {% endfor %}{% if add_generation_prompt %}How{% endif %}";

    private static readonly string _model = Repository.PathOf("samples/word-problems/base");
    private static readonly GenerationConfig _greedy = new() { MaxNewTokens = 9 };
    private static readonly GenerationConfig _drawn = _greedy with { Temperature = 1.5, Seed = 11 };

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static GenerateOptions Options => new() { Model = _model, Generation = _greedy };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public void Run_OnSeveralRanks_GivesTheTextsOfOneInTheirOrder(int ranks, bool isDrawn)
    {
        var options = Options with { Data = Questions(37), Generation = isDrawn ? _drawn : _greedy };
        var alone = Generate(options);

        var together = ThreadRanks.Run(ranks, rank => Generate(options with { Ranks = rank }));

        Assert.Equal(Enumerable.Range(0, 37).Select(i => (long)i), alone.Select(line => line.Index));
        Assert.InRange(alone.Select(line => line.Text).Distinct().Count(), 10, 37);
        Assert.All(together, lines => Assert.Equal(alone, lines));
    }

    [Fact]
    public void Run_EachPrompt_ReadsAsIfItWereAloneWithTheNextSeed()
    {
        var lines = Generate(Options with { Data = Questions(4), Generation = _drawn });

        using var session = ModelSession.Load(_model, dtype: ComputeType.Of(ComputeType.Resolve("auto", _model)));
        var generator = new TextGenerator(session.Causal, session.Tokenizer);
        Assert.Equal([11L, 12L, 13L, 14L], lines.Select(line => line.Seed!.Value));
        Assert.All(lines, line => Assert.Equal(
            string.Concat(generator.Stream(line.Prompt, _drawn with { Seed = line.Seed!.Value }, Stop)), line.Text));
        Assert.All(Generate(Options with { Data = Questions(4) }), line => Assert.Null(line.Seed));
    }

    [Fact]
    public void Run_LinesOnSeveralRanks_AreThoseOfTheFirst()
    {
        string[] lines = ["3 + 4", "", """{"prompt": "5 + 1\n"}""", "2 + 2"];
        var alone = Generate(Options, lines);

        var together = ThreadRanks.Run(2, rank => Generate(Options with { Ranks = rank }, rank.Rank == 0 ? lines : ["not read"]));

        Assert.Equal(["3 + 4", "5 + 1\n", "2 + 2"], alone.Select(line => line.Prompt));
        Assert.All(together, one => Assert.Equal(alone, one));
    }

    [Theory]
    [InlineData("a.csv", "question,more\n3 + 4,x\n5 + 1,y\n", "question")]
    [InlineData("a.jsonl", "{\"prompt\": \"3 + 4\"}\n\n{\"prompt\": \"5 + 1\"}\n", null)]
    [InlineData("a.txt", "3 + 4\n\n5 + 1\n", null)]
    public void Run_EveryKindOfFile_IsReadInItsOrder(string name, string content, string? column)
    {
        var columns = column is null ? [] : new Dictionary<string, string> { ["prompt"] = column };

        var lines = Generate(Options with { Data = _folder.Write(name, content), Columns = columns });

        Assert.Equal(["3 + 4", "5 + 1"], lines.Select(line => line.Prompt));
        Assert.Equal(Generate(Options, ["3 + 4", "5 + 1"]), lines);
    }

    [Fact]
    public void Run_Conversations_AreAnsweredAsTheTemplateWritesThem()
    {
        string[] lines =
        [
            """{"prompt": "Tom has 8 cups."}""",
            """{"messages": [{"role": "user", "content": "Tom has 8 cups."}]}""",
            """{"messages": [{"role": "user", "content": "Tom has 8 cups."}, {"role": "assistant", "content": "The right answer."}]}""",
            """
            {"messages": [{"role": "user", "content": "Mia has 7 pens."}, {"role": "assistant", "content": "5"},
            {"role": "user", "content": "Tom has 8 cups."}]}
            """.ReplaceLineEndings(" "),
            "Tom has 8 cups.",
        ];

        var answers = Generate(Chat, lines);
        var inSystem = Generate(Chat with { System = "Ben reads 9 pages a day." }, lines);
        var plain = Generate(
            Options,
            "Tom has 8 cups. How",
            "Ben reads 9 pages a day. Tom has 8 cups. How",
            "Mia has 7 pens. 5 Tom has 8 cups. How");

        Assert.Equal(3, plain.Select(line => line.Text).Distinct().Count());
        Assert.All(answers, answer => Assert.Equal("Tom has 8 cups.", answer.Prompt));
        int[] withoutSystem = [0, 1, 2, 4];
        Assert.All(withoutSystem, i => Assert.Equal(plain[0].Text, answers[i].Text));
        Assert.All(withoutSystem, i => Assert.Equal(plain[1].Text, inSystem[i].Text));
        Assert.Equal(plain[2].Text, answers[3].Text);
    }

    [Fact]
    public void Run_ConversationsOnSeveralRanks_AreThoseOfOne()
    {
        var options = Chat with { Data = Questions(9), Generation = _drawn };
        var alone = Generate(options);

        var together = ThreadRanks.Run(2, rank => Generate(options with { Ranks = rank }));

        Assert.All(together, lines => Assert.Equal(alone, lines));
    }

    [Fact]
    public void Run_PromptThatIsTooLong_HasNoTextAndAWarning()
    {
        var warnings = new List<string>();
        using var listening = Warnings.Listen(warnings.Add);

        var lines = Generate(Options, ["3 + 4", string.Join(' ', Enumerable.Repeat("many", 5000)), "5 + 1"]);

        Assert.Equal([false, true, false], lines.Select(line => line.Text is null));
        Assert.Contains("1 prompts have no text", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.Contains("index 1", warnings[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prompt": " "}""", "a.jsonl, line 2: the prompt is empty")]
    [InlineData("""{"promt": "3 + 4"}""", "a.jsonl, line 2: there is no value for column 'prompt'. Did you mean 'promt'?")]
    [InlineData("""{"prompt": """, "a.jsonl, line 2: ")]
    [InlineData("""{"messages": [{"role": "user", "content": "3 + 4"}]}""", "a.jsonl, line 2: there is a conversation and no value")]
    public void Run_BrokenLastRow_IsToldBeforeAnyText(string row, string part)
    {
        var options = Options with { Data = _folder.Write("a.jsonl", "{\"prompt\": \"3 + 4\"}\n" + row + "\n") };
        var count = 0;

        var error = Assert.Throws<FileFormatException>(() => GenerateJob.Run(options, [], _ => count++, stop: Stop));

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, count);
    }

    [Theory]
    [InlineData("""{"messages": []}""", "no user says anything")]
    [InlineData("""{"messages": [{"role": "assistant", "content": "b"}]}""", "no user says anything")]
    [InlineData("""{"prompt": "a", "system": "s"}""", "has a system prompt of its own")]
    [InlineData("""{"question": "a"}""", "there is no value for column 'prompt'")]
    public void Run_RowThatAsksNothing_IsRefused(string row, string part)
    {
        var error = Assert.Throws<FileFormatException>(() => Generate(Chat with { System = "be brief" }, [row]));

        Assert.Contains("standard input, line 1: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_WrongSettings_AreAllNamed()
    {
        var wrong = Options with { Generation = new() { MaxNewTokens = 0, TopP = 2 }, DataType = "int8", System = "be brief" };

        var error = Assert.Throws<ConfigException>(() => Generate(wrong, ["a"]));

        string[] parts = ["maxNewTokens is 0", "topP is 2", "dtype is 'int8'", "add chat"];
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("promt")]
    [InlineData("messages")]
    public void Run_ColumnThatThereIsNot_IsRefused(string name)
    {
        var options = Options with { Columns = new Dictionary<string, string> { [name] = "question" } };

        var error = Assert.Throws<ConfigException>(() => Generate(options, ["a"]));

        Assert.Contains($"There is no column '{name}' to name.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_StoppedInAText_GivesThoseBeforeItOnly()
    {
        using var stop = new CancellationTokenSource();
        var given = new List<GeneratedLine>();

        Assert.Throws<OperationCanceledException>(() => GenerateJob.Run(Options with { Data = Questions(9) }, [], line =>
        {
            given.Add(line);
            if (given.Count == 3)
            {
                stop.Cancel();
            }
        }, stop: stop.Token));

        Assert.Equal(Generate(Options with { Data = Questions(9) }).Take(3), given);
    }

    [Fact]
    public void Run_File_TellsHowFarItIs()
    {
        var told = new Told();

        GenerateJob.Run(Options with { Data = Questions(3) }, [], _ => { }, told, Stop);

        Assert.Equal([new SamplesDone(1, 3), new SamplesDone(2, 3), new SamplesDone(3, 3)], told.Events);
    }

    private GenerateOptions Chat => Options with { Chat = true, ChatTemplate = _folder.Write("chat.jinja", Template) };

    private string Questions(int count) => _folder.Write($"questions-{count}.jsonl", string.Concat(Enumerable.Range(0, count)
        .Select(i => $"Mia has {i % 9} pens and buys {i % 7}. How many pens does Mia have?")
        .Select(prompt => JsonSerializer.Serialize(new { prompt }) + "\n")));

    private static List<GeneratedLine> Generate(GenerateOptions options, params IEnumerable<string> lines)
    {
        var given = new List<GeneratedLine>();
        Assert.Equal(GenerateJob.Run(options, lines, given.Add, stop: Stop), given.Count);
        return given;
    }

    private sealed class Told : IProgress<RunEvent>
    {
        public List<RunEvent> Events { get; } = [];

        public void Report(RunEvent value) => Events.Add(value);
    }
}
