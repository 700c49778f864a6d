using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Adapters;
using ResLora.Experiments.Exporting;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Training.Loop;
using Xunit;
using static TorchSharp.torch;

namespace ResLora.EndToEnd.Tests.Answering;

/// <summary>A tiny model of each layout with an adapter that knows six rows by heart, and its exports; each made when it is asked
/// for.</summary>
public sealed class AnswerWorld : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("reslora-answers-").FullName;
    private readonly Dictionary<string, string> _made = [];

    /// <summary>The six rows; a question tells which answer it wants by one digit.</summary>
    public static IReadOnlyList<(string Prompt, string Completion)> Rows { get; } =
        [.. Enumerable.Range(0, 6).Select(i => ($"Question {i} about things", $" Answer {3 * i}."))];

    /// <summary>The rows as a file for the task completion.</summary>
    public string Data => File("rows.jsonl", Rows.Select(row => row.Completion));

    /// <summary>The same questions with the answers changed round, which the model alone gives.</summary>
    private string OtherData => File("others.jsonl", Rows.Select(row => row.Completion).Reverse());

    /// <summary>A model's folder; it answers the questions, but otherwise.</summary>
    public string Model(string layout)
    {
        var untrained = Made($"{layout}-untrained", folder => WriteModel(layout, folder));
        return Path.Combine(Made($"{layout}-base", folder => Train(untrained, OtherData, null, folder)), "last");
    }

    /// <summary>The folder of the adapter, trained on the rows until nothing is left to learn.</summary>
    public string Adapter(string layout)
    {
        var (model, adapter) = (Model(layout), new AdapterConfig { Rank = 16, Alpha = 32, Targets = TargetModules.AllLinear });
        return Path.Combine(Made($"{layout}-run", folder => Train(model, Data, adapter, folder)), "last");
    }

    /// <summary>An export.</summary>
    public string Export(string layout, string target)
    {
        var adapter = Adapter(layout);
        return Made(
            $"{layout}-{target}",
            folder => ExportJob.Run(new ExportOptions { Adapter = adapter, To = target, Output = folder, AllowLossy = true }));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Made(string name, Action<string> make)
    {
        if (!_made.TryGetValue(name, out var path))
        {
            path = Path.Combine(_folder, name.Replace(' ', '-'));
            make(path);
            _made[name] = path;
        }

        return path;
    }

    private string File(string name, IEnumerable<string> completions) => Made(name, path => System.IO.File.WriteAllLines(
        path, Rows.Zip(completions, (row, completion) => JsonSerializer.Serialize(new { prompt = row.Prompt, completion }))));

    private static void WriteModel(string layout, string folder)
    {
        var (files, config) = TokenLayouts.Of(layout, Rows.SelectMany(row => new[] { row.Prompt, row.Completion }));
        Directory.CreateDirectory(folder);
        foreach (var (name, content) in files)
        {
            System.IO.File.WriteAllText(Path.Combine(folder, name), content);
        }

        foreach (var (key, value) in JsonNode.Parse("""
            {
              "model_type": "llama", "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 304,
              "max_position_embeddings": 96, "rms_norm_eps": 1e-5, "tie_word_embeddings": false
            }
            """)!.AsObject())
        {
            config[key] = value?.DeepClone();
        }

        System.IO.File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());
        using var model = ModelRegistry.BuildCausal(folder);
        ModelWeights.Initialize(model, 0.2, seed: 5, float32, CPU);
        SafetensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"), model.named_parameters().Select(
                entry => KeyValuePair.Create<string, Tensor>(entry.name, entry.parameter)));
    }

    private static void Train(string model, string data, AdapterConfig? adapter, string folder)
    {
        var report = TrainJob.Run(
            new RunConfig
            {
                Model = model,
                Task = "completion",
                Data = new DataConfig { Train = data, ValidationCount = 0 },
                Adapter = adapter,
                Training = new TrainConfig { Steps = 300, BatchSize = 6, LearningRate = 0.01, MaxLength = 96, Threads = 1 },
                Output = folder,
            },
            stop: TestContext.Current.CancellationToken);
        Assert.True(report.Result.LastLoss < 0.05, $"{folder}: the rows were not learnt, the loss is {report.Result.LastLoss}");
    }
}
