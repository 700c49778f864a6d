using System.CommandLine;
using ResLora.Benchmarks.Measuring;
using ResLora.Benchmarks.Reporting;
using ResLora.Cli;

namespace ResLora.Benchmarks.Verbs;

/// <summary>How soon a conversation begins.</summary>
internal static class ChatVerb
{
    private const string Read = "read the file once";
    private const string Start = "doctor: .NET and libtorch";
    private const string Chat = "chat: to the first word";

    /// <summary>Makes the verb.</summary>
    public static Verb Create()
    {
        var model =
            new Option<string>("--model") { Description = "A chat model: a GGUF file, or a folder.", HelpName = "DIR", Required = true };
        var tool = new Option<string?>("--tool")
        {
            Description = "The installed tool, which is compiled ahead; by default the one that is built here.",
            HelpName = "FILE",
        };
        return BenchmarkVerb.Create(
            "chat",
            "How long from the command 'chat' to the first word of an answer, against starting the tool and reading the file?",
            BenchmarkVerb.UsualRounds,
            [model, tool],
            (line, harness) => Measure(
                harness, line.GetRequiredValue(model), line.GetValue(tool) is { } installed ? [installed] : ToolStart.Built));
    }

    private static Findings Measure(Harness harness, string model, IReadOnlyList<string> tool)
    {
        string[] files = File.Exists(model) ? [model] : Directory.GetFiles(model, "*.safetensors");
        using var start = new ToolStart("", tool, "doctor", "--json");
        using var chat = new ToolStart(
            "What is the capital of France?\n", tool, "chat", "--model", model, "--max-new-tokens", "1");
        var times = harness.Measure(
        [
            new(Read, () => WholeFile.ReadOnce(files)),
            new(Start, start.Run) { Finish = start.Finish },
            new(Chat, chat.Run) { Finish = chat.Finish },
        ]);
        return new Findings(
            new ReportTable("chat", [.. times.Select(t => new ReportRow(t.Key, new Measure(Figure.Milliseconds, t.Value)))]))
        {
            Settings = new Dictionary<string, object>
            {
                ["fileBytes"] = files.Sum(file => new FileInfo(file).Length),
                ["tool"] = tool.Count == 1 ? "installed" : "built here",
            },
            Ratios =
            [
                new(Chat, Start, Figure.Milliseconds, times[Chat].Over(times[Start])),
                new(Chat, Read, Figure.Milliseconds, times[Chat].Over(times[Read])),
            ],
            Notes = ["The files are in the page cache: the first round reads them."],
        };
    }
}
