using System.Text.Json;
using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests;

/// <summary>An encoder's whole way through the built tool.</summary>
public sealed class EncoderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("reslora-encoder-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Pretrain_ThenTrainEvaluateMergePredict_EachTakesWhatTheOneBeforeMade()
    {
        Lines("texts.jsonl", i => new { text = Text(i) });
        Lines("train.jsonl", i => new { text = Text(i), label = i % 2 == 0 ? "good" : "bad" });
        Write("pretrain.yaml", """
            texts: texts.jsonl
            validationCount: 5
            tokenizer: {vocabulary: 290}
            model: {layers: 3, hidden: 16, intermediate: 24, heads: 2, maxLength: 64}
            training: {steps: 3, batchSize: 2, maxLength: 48, threads: 1}
            saveAs: float32
            output: base
            """);
        Write("train.yaml", """
            model: base
            task: classification
            data: {train: train.jsonl, validationCount: 8}
            adapter: {rank: 2, targets: [query, value], shortcut: {kind: block, previousCount: 2}}
            training: {steps: 6, batchSize: 4, learningRate: 0.02, maxLength: 32, bestMetric: eval_accuracy, threads: 1}
            """);
        string[] lines = [Text(0), "", JsonSerializer.Serialize(new { text = Text(1) })];

        Tool.Run("pretrain", In("pretrain.yaml"), "--objective", "mlm", "--json").Expect(0);
        var plan = Tool.Run("plan", In("train.yaml"), "--json").Expect(0).Json;
        Tool.Run("train", In("train.yaml"), "--output", In("run"), "--json").Expect(0);
        var evaluation = Tool.Run(
            "evaluate",
            "--model",
            In("base"),
            "--adapter",
            In("run/best"),
            "--task",
            "classification",
            "--data",
            In("train.jsonl"),
            "--json").Expect(0).Json;
        var merge = Tool.Run("merge", "--adapter", In("run/best"), "--as", "model", "--output", In("merged"), "--json").Expect(0).Json;
        var unmerged =
            Tool.RunWithInput(string.Join('\n', lines), "predict", "--model", In("base"), "--adapter", In("run/best")).Expect(0).Output;
        var merged = Tool.RunWithInput(string.Join('\n', lines), "predict", "--model", In("merged"), "--json").Expect(0).Json;
        Tool.Run("export", "--adapter", In("run/best"), "--to", "peft", "--output", In("peft"), "--json").Expect(0);
        var check = Tool.Run("export", "--check", In("peft"), "--json").Expect(0).Json;
        var refused = Tool.Run("export", "--adapter", In("run/best"), "--to", "llama.cpp", "--output", In("gguf")).Expect(2);

        Assert.True(check.GetProperty("compared").GetBoolean());
        Assert.Contains("the target 'llama.cpp' takes models that continue texts", refused.Error, StringComparison.Ordinal);
        Assert.Equal("classifier", plan.GetProperty("newModules")[0].GetString());
        Assert.Equal(61, evaluation.GetProperty("samples").GetInt32());
        Assert.Equal("bad", evaluation.GetProperty("report").GetProperty("classes")[0].GetProperty("label").GetString());
        Assert.True(merge.GetProperty("isExact").GetBoolean());
        var streamed = unmerged.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(
            line => JsonSerializer.Deserialize<JsonElement>(line)).ToArray();
        var kept = merged.GetProperty("predictions").EnumerateArray().ToArray();
        Assert.Equal((2, 2), (streamed.Length, kept.Length));
        const double tolerance = 1e-5;   // float32: the merge adds before it multiplies
        Assert.All(streamed.Zip(kept), pair =>
        {
            Assert.Equal(pair.First.GetProperty("label").GetString(), pair.Second.GetProperty("label").GetString());
            Assert.Equal(Good(pair.First), Good(pair.Second), tolerance);
        });
    }

    [Fact]
    public void Predict_UnknownTruncation_IsBadInput()
    {
        var result = Tool.Run("predict", "--model", _folder, "--truncation", "middle").Expect(2);

        Assert.Contains("--truncation is 'middle'", result.Error, StringComparison.Ordinal);
    }

    private static string Text(int i) => $"{(i % 2 == 0 ? "A lovely" : "The dull")} {new[] { "film", "book", "walk" }[i % 3]}.";

    private static double Good(JsonElement prediction) => prediction.GetProperty("probabilities").GetProperty("good").GetDouble();

    private string In(string name) => Path.Combine(_folder, name);

    private void Write(string name, string content) => File.WriteAllText(In(name), content);

    private void Lines(string name, Func<int, object> row) =>
        Write(name, string.Concat(Enumerable.Range(0, 61).Select(i => JsonSerializer.Serialize(row(i)) + "\n")));
}
