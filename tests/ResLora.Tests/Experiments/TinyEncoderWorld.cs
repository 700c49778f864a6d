using System.Text.Json;
using ResLora.Adapters;
using ResLora.Experiments.Pretraining;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments;

/// <summary>
/// A pretrained RoBERTa of a few thousand parameters and reviews to fine-tune it on, made once for the tests that need them.
/// </summary>
public sealed class TinyEncoderWorld : IDisposable
{
    private static readonly string[] _things = ["film", "book", "meal", "walk", "song", "game", "play"];

    public TinyEncoderWorld()
    {
        Lines("texts.jsonl", i => new { text = Text(i) });
        Lines("reviews.jsonl", i => new { text = Text(i), label = i % 2 == 0 ? "good" : "bad" });
        Lines("pairs.jsonl", i => new { text = Text(i), text2 = Text(i + (i % 3)), label = 1 + (i % 3 * 2) });
        PretrainJob.Run(Pretraining, stop: TestContext.Current.CancellationToken);
    }

    public TemporaryFolder Folder { get; } = new();

    public string Model => Folder["base"];

    public PretrainConfig Pretraining => new()
    {
        Texts = Folder["texts.jsonl"],
        Objective = PretrainObjective.MaskedTokens,
        ValidationCount = 5,
        Tokenizer = new NewTokenizerConfig { Vocabulary = 300 },
        Model = new NewModelConfig { Layers = 3, Hidden = 16, Intermediate = 24, Heads = 2, MaxLength = 64, Dropout = 0.1 },
        Training = new TrainConfig { Steps = 3, BatchSize = 2, MaxLength = 48, Threads = 1 },
        SaveAs = "float32",
        Output = Folder["base"],
    };

    /// <summary>A run of a few steps into a folder of its own.</summary>
    public RunConfig Run(
        string output, ShortcutKind? kind = ShortcutKind.Input, int steps = 4, string task = "classification", int previous = 1) => new()
        {
            Model = Model,
            Task = task,
            Data = new DataConfig { Train = Folder[task == "classification" ? "reviews.jsonl" : "pairs.jsonl"], ValidationCount = 8 },
            Adapter = kind is not { } shortcut ? null : new AdapterConfig
            {
                Rank = 2,
                Targets = TargetModules.Suffixes("query", "value"),
                Shortcut = new ShortcutConfig { Kind = shortcut, PreviousCount = previous },
            },
            Training = new TrainConfig { Steps = steps, BatchSize = 4, LearningRate = 0.02, MaxLength = 32, Threads = 1, Seed = 3 },
            Output = Folder[output],
        };

    public void Dispose() => Folder.Dispose();

    private static string Text(int i) =>
        $"{(i % 2 == 0 ? "A lovely" : "The dull")} {_things[i % _things.Length]}{(i % 5 == 0 ? " again" : "")}.";

    private void Lines(string name, Func<int, object> row) =>
        Folder.Write(name, string.Concat(Enumerable.Range(0, 61).Select(i => JsonSerializer.Serialize(row(i)) + "\n")));
}
