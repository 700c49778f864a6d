using System.Text.Json;
using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests;

/// <summary>Texts and predictions of several ranks: real processes of a real mpirun.</summary>
public sealed class RankTextsTests : IDisposable
{
    private const int Prompts = 21;

    // As many for a process alone as for each rank: the last bits of a sum depend on it.
    private const string Threads = "OMP_NUM_THREADS";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2, "0")]
    [InlineData(3, "0")]
    [InlineData(2, "1.2")]
    [InlineData(3, "1.2")]
    public void Generate_OnSeveralRanks_WritesTheFileOfOneProcess(int ranks, string temperature)
    {
        Ranks.RequireOrSkip();
        Alone("", Generate("alone.jsonl", temperature));

        var together = Together(ranks, "", Generate("together.jsonl", temperature));

        Assert.Equal(Prompts, File.ReadAllLines(_folder["alone.jsonl"]).Length);
        Assert.Equal(File.ReadAllText(_folder["alone.jsonl"]), File.ReadAllText(_folder["together.jsonl"]));
        // Rank 0 alone speaks.
        Assert.Equal(2, together.Error.Split($"{Prompts} texts are in").Length);
    }

    [Fact]
    public void Generate_FromStandardInput_IsSharedAsRankZeroReadsIt()
    {
        Ranks.RequireOrSkip();
        var prompts = string.Concat(Enumerable.Range(0, 19).Select(i => $"Mia has {i} pens.\n"));
        string[] line = ["generate", "--model", Repository.SampleModel, "--data", "-", "--max-new-tokens", "8"];
        var alone = Alone(prompts, line);

        var together = Together(2, prompts, line);

        Assert.Equal(19, alone.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(alone.Output, together.Output);
    }

    [Fact]
    public void Generate_OnePrompt_IsRefusedAndSaysHow()
    {
        var ended = Ranks.Run(2, "generate", "--model", Repository.SampleModel, "--prompt", "Mia has 3 pens.");

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains(
            "--prompt is one text, which one process continues, and 2 were started; start it without mpirun",
            ended.Error,
            StringComparison.Ordinal);
        Assert.Empty(ended.Output.Trim());
    }

    [Fact]
    public void Generate_RankWithAnotherSeed_IsNamedAndNothingIsWritten()
    {
        using var process = Ranks.StartWith(
        [
            "--oversubscribe", "-np", "1", .. Ranks.Program, .. Generate("differs.jsonl", "1"),
            ":", "-np", "1", .. Ranks.Program, .. Generate("differs.jsonl", "1"), "--seed", "5",
        ]);

        var ended = Ranks.End(process);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("seed (0 on rank 0, 5 here)", ended.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["differs.jsonl"]));
    }

    [Fact]
    public void Generate_AskedToEnd_WritesNothingHalf()
    {
        using var process = Ranks.Start(2, [.. Generate("asked.jsonl", "1", count: 400), "--max-new-tokens", "100"]);
        using var one = Ranks.ProcessOf(1, _folder["asked.jsonl"]);
        Assert.True(SpinWait.SpinUntil(() => Told(process), TimeSpan.FromMinutes(2)), "no text was generated");

        Tool.Signal(one, "USR1");
        var ended = Ranks.End(process);

        Assert.Equal(130, ended.ExitCode);
        Assert.Contains("Interrupted.", ended.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["asked.jsonl"]));
    }

    [Fact]
    public void Predict_OnSeveralRanks_WritesTheFilesOfOneProcess()
    {
        Ranks.RequireOrSkip();
        WriteEncoder();
        string[] Predict(string name) =>
        [
            "predict", "--model", _folder["base"], "--adapter", _folder["run/last"], "--task", "sst2", "--data", _folder["SST-2"],
            "--batch-size", "4", "--output", _folder[$"{name}.jsonl"], "--submission", _folder[name],
        ];
        var texts = string.Concat(Enumerable.Range(0, 23).Select(i => Review(i) + "\n"));
        string[] streamed = ["predict", "--model", _folder["base"], "--adapter", _folder["run/last"], "--batch-size", "3"];
        Alone("", Predict("alone"));
        var alone = Alone(texts, streamed);

        Together(2, "", Predict("two"));
        Together(3, "", Predict("three"));
        var together = Together(2, texts, streamed);

        Assert.Equal(61, File.ReadAllLines(_folder["alone.jsonl"]).Length);
        string[] shared = ["two", "three"];
        Assert.All(shared, name =>
        {
            Assert.Equal(File.ReadAllText(_folder["alone.jsonl"]), File.ReadAllText(_folder[$"{name}.jsonl"]));
            Assert.Equal(
                File.ReadAllText(Path.Combine(_folder["alone"], "SST-2.tsv")), File.ReadAllText(Path.Combine(_folder[name], "SST-2.tsv")));
        });
        Assert.Equal(23, alone.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(alone.Output, together.Output);
    }

    private static ToolResult Alone(string input, string[] line)
    {
        using var process = Tool.Start([new(Threads, "1")], line);
        process.StandardInput.Write(input);
        return Ranks.End(process).Expect(0);
    }

    private static ToolResult Together(int ranks, string input, string[] line)
    {
        using var process = Ranks.StartWith(
            ["-np", $"{ranks}", "--oversubscribe", "--bind-to", "none", "-x", $"{Threads}=1", .. Ranks.Program, .. line]);
        process.StandardInput.Write(input);
        return Ranks.End(process).Expect(0);
    }

    private static bool Told(System.Diagnostics.Process process) =>
        process.StandardError.ReadLine()?.StartsWith("answered", StringComparison.Ordinal) == true;

    private static string Review(int i) =>
        $"{(i % 2 == 0 ? "A lovely" : "The dull")} {new[] { "film", "book", "walk" }[i % 3]} of {i} days.";

    private string[] Generate(string output, string temperature, int count = Prompts)
    {
        var data = _folder["prompts.jsonl"];
        if (!File.Exists(data))
        {
            File.WriteAllLines(data, Enumerable.Range(0, count).Select(
                i => JsonSerializer.Serialize(new { prompt = $"Mia has {i} pens. She gives {i % 5} away." })));
        }

        return
        [
            "generate", "--model", Repository.SampleModel, "--data", data, "--output", _folder[output], "--temperature", temperature,
            .. count == Prompts ? new[] { "--max-new-tokens", "16" } : [],
        ];
    }

    /// <summary>A small encoder with an adapter for SST-2, and that data set's test file.</summary>
    private void WriteEncoder()
    {
        Directory.CreateDirectory(_folder["SST-2"]);
        File.WriteAllLines(_folder["texts.jsonl"], Enumerable.Range(0, 61).Select(i => JsonSerializer.Serialize(new { text = Review(i) })));
        File.WriteAllLines(
            _folder["SST-2/train.tsv"], Enumerable.Range(0, 61).Select(i => $"{Review(i)}\t{(i + 1) % 2}").Prepend("sentence\tlabel"));
        File.WriteAllLines(_folder["SST-2/test.tsv"], Enumerable.Range(0, 61).Select(i => $"{i}\t{Review(i)}").Prepend("index\tsentence"));
        File.WriteAllText(_folder["pretrain.yaml"], """
            texts: texts.jsonl
            validationCount: 5
            tokenizer: {vocabulary: 290}
            model: {layers: 2, hidden: 16, intermediate: 24, heads: 2, maxLength: 64}
            training: {steps: 2, batchSize: 2, maxLength: 48, threads: 1}
            saveAs: float32
            output: base
            """);
        Tool.Run("pretrain", _folder["pretrain.yaml"], "--objective", "mlm", "--json").Expect(0);
        string[] settings = ["adapter.rank=2", "training.steps=3", "training.batchSize=4", "training.maxLength=48"];
        Tool.Run(
        [
            "train", "--model", _folder["base"], "--task", "sst2", "--data", _folder["SST-2/train.tsv"], "--output", _folder["run"],
            "--json", .. settings.SelectMany(setting => new[] { "--set", setting }),
        ]).Expect(0);
    }
}
