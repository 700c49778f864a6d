using ResLora.Adapters;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using ResLora.Training.Objectives;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;

namespace ResLora.Tests.Training;

/// <summary>A tiny model with an adapter (or trained whole), data and a folder: what a test of the trainer needs.</summary>
internal sealed class TrainingBench : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TrainingBench(
        ShortcutKind? shortcut =
            ShortcutKind.None, double dropout =
                0, torch.ScalarType dtype = torch.ScalarType.Float32, double anneal = 0, CausalLanguageModel? model = null,
        AdapterConfig? adapter = null)
    {
        Model = model ?? TinyModel.Create(dtype: dtype);
        Adapter = shortcut is { } kind
            ? AdaptedModel.Inject(Model, adapter ?? new AdapterConfig
            {
                Rank = 2,
                Dropout = dropout,
                Targets = TargetModules.Suffixes("q_proj", "v_proj", "down_proj"),
                Shortcut = new ShortcutConfig { Kind = kind, Anneal = anneal },
            })
            : null;
        Setup = new TrainSetup(
            new NextTokenObjective(Model, 0), [.. Trainable()], TinyModel.Samples(12), TinyModel.Samples(3, shortest: 5), new TrainConfig(), _folder["run"], Save)
        {
            Adapter = Adapter,
        };
    }

    public CausalLanguageModel Model { get; }

    public AdaptedModel? Adapter { get; }

    public TrainSetup Setup { get; set; }

    public string RunFolder => Setup.RunFolder;

    public List<RunEvent> Events { get; } = [];

    /// <summary>Called with every event, during the run.</summary>
    public Action<RunEvent>? OnEvent { get; set; }

    public static TrainConfig Config { get; } = new() { Steps = 4, BatchSize = 3, LearningRate = 0.01, Threads = 1, Seed = 5 };

    public TrainResult Train(TrainConfig config, bool resume = false, CancellationToken? stop = null) =>
        new Trainer(Setup with { Config = config }).Run(new Recorder(Report), resume, stop ?? TestContext.Current.CancellationToken);

    /// <summary>All trained numbers, parameter by parameter.</summary>
    public float[] Weights() => [.. Setup.Trainable.SelectMany(p => p.Value.detach().data<float>().ToArray())];

    public void Dispose()
    {
        Model.Dispose();
        _folder.Dispose();
    }

    private IEnumerable<KeyValuePair<string, Parameter>> Trainable() =>
        Adapter?.TrainableParameters() ?? Model.named_parameters().Select(p => KeyValuePair.Create(p.name, p.parameter));

    private void Report(RunEvent value)
    {
        Events.Add(value);
        OnEvent?.Invoke(value);
    }

    private void Save(string folder) =>
        SafetensorsWriter.Write(
            Path.Combine(folder, "weights.safetensors"), Setup.Trainable.Select(p => KeyValuePair.Create(p.Key, (torch.Tensor)p.Value)));

    /// <summary>Unlike Progress&lt;T&gt;, reports on the caller's thread and in order.</summary>
    private sealed class Recorder(Action<RunEvent> report) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => report(value);
    }
}
