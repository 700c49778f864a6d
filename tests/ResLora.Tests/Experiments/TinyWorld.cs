using System.Text.Json;
using ResLora.Adapters;
using ResLora.Experiments.Pretraining;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments;

/// <summary>A pretrained model of a few thousand parameters and sums to fine-tune it on, made once for the tests that need them.</summary>
public sealed class TinyWorld : IDisposable
{
    public TinyWorld()
    {
        Lines("texts.jsonl", i => new { text = $"{i % 9} + {i % 7} = {(i % 9) + (i % 7)}." });
        Lines("train.jsonl", i => new { prompt = $"What is {i % 9} plus {i % 7}?", completion = $"{i % 9} + {i % 7} = {(i % 9) + (i % 7)}. The answer is {(i % 9) + (i % 7)}." });
        PretrainJob.Run(Pretraining, stop: TestContext.Current.CancellationToken);
    }

    public TemporaryFolder Folder { get; } = new();

    public string Model => Folder["base"];

    public string Data => Folder["train.jsonl"];

    public PretrainConfig Pretraining => new()
    {
        Texts = Folder["texts.jsonl"],
        ValidationCount = 5,
        Tokenizer = new NewTokenizerConfig { Vocabulary = 280 },
        Model = new NewModelConfig { Layers = 3, Hidden = 16, Intermediate = 24, Heads = 2, KeyValueHeads = 1, MaxLength = 128 },
        Training = new TrainConfig { Steps = 3, BatchSize = 2, MaxLength = 64, Threads = 1 },
        SaveAs = "float32",
        Output = Folder["base"],
    };

    /// <summary>A run of a few steps into a folder of its own.</summary>
    public RunConfig Run(string output, ShortcutKind kind = ShortcutKind.Input, int steps = 3) => new()
    {
        Model = Model,
        Task = "word-problems",
        Data = new DataConfig { Train = Data, ValidationCount = 6 },
        Adapter = new AdapterConfig { Rank = 2, Shortcut = new ShortcutConfig { Kind = kind } },
        Training = new TrainConfig { Steps = steps, BatchSize = 4, LearningRate = 0.05, MaxLength = 128, Threads = 1 },
        Output = Folder[output],
    };

    public void Dispose() => Folder.Dispose();

    private void Lines(string name, Func<int, object> row) =>
        Folder.Write(name, string.Concat(Enumerable.Range(0, 63).Select(i => JsonSerializer.Serialize(row(i)) + "\n")));
}
