using ResLora.Adapters;
using ResLora.Models;
using ResLora.Models.Llama;
using ResLora.Tensors.Safetensors;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Training.Distributed;
using ResLora.Training.Distributed.Pipeline;
using ResLora.Training.Loop;
using ResLora.Training.Objectives;
using TorchSharp;
using Xunit;

namespace ResLora.Tests.Training.Distributed.Pipeline;

/// <summary>What one rank of a run gave.</summary>
/// <param name="Result">How it ended.</param>
/// <param name="Weights">All trained numbers, parameter by parameter.</param>
/// <param name="Events">What was told.</param>
internal sealed record RankRun(TrainResult Result, float[] Weights, IReadOnlyList<RunEvent> Events)
{
    public IEnumerable<double> EvaluationLosses => Events.OfType<EvaluationDone>().Select(e => e.Metrics[Objective.LossMetric]);
}

/// <summary>A tiny model on the disk, trained by one process or by ranks of which each loads its share.</summary>
internal sealed class PipelineBench : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public PipelineBench(int layers = 5, bool tied = false)
    {
        var config = new LlamaConfig
        {
            HiddenSize = 16,
            IntermediateSize = 24,
            LayerCount = layers,
            HeadCount = 4,
            ConfiguredKeyValueHeadCount = 2,
            VocabularySize = TinyModel.Vocabulary,
            MaxPositions = 64,
            TieWordEmbeddings = tied,
        };
        using var model = new LlamaModel(config);
        ModelWeights.Initialize(model, 0.2, 7, torch.ScalarType.Float32, torch.CPU);
        TinyFolders.Write(_folder, model);
    }

    public static TrainConfig Config { get; } = TrainingBench.Config with
    {
        BatchSize = 2,
        AccumulationSteps = 4,
        EvaluateEvery = 2,
        Parallel = Parallelism.Pipeline,
        Packing = false,
    };

    public string this[string name] => _folder[name];

    /// <summary>Called with the setup of every rank before it trains.</summary>
    public Func<TrainSetup, TrainSetup> Change { get; set; } = setup => setup;

    /// <summary>The dtype to compute in.</summary>
    public torch.ScalarType DataType { get; init; } = torch.ScalarType.Float32;

    /// <summary>Whether the head is parted from the embedding, which a block changes.</summary>
    public bool HeadIsParted { get; init; }

    /// <summary>Called with every event of a rank.</summary>
    public Action<int, RunEvent> OnEvent { get; set; } = (_, _) => { };

    /// <summary>Called with every rank's model before it trains.</summary>
    public Action<int, CausalLanguageModel> ChangeModel { get; set; } = (_, _) => { };

    public static AdapterConfig Adapter(ShortcutKind kind, int previous = 1, double dropout = 0, double anneal = 0) => new()
    {
        Rank = 2,
        Dropout = dropout,
        Targets = TargetModules.Suffixes("q_proj", "k_proj", "v_proj", "down_proj"),
        Shortcut = new ShortcutConfig { Kind = kind, PreviousCount = previous, Anneal = anneal },
    };

    /// <summary>Trains.</summary>
    /// <param name="ranks">How many processes.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="config">How to train.</param>
    /// <param name="run">The run's folder in the bench's own.</param>
    /// <param name="resume">Whether it goes on.</param>
    /// <returns>What each rank gave.</returns>
    public RankRun[] Train(int ranks, AdapterConfig adapter, TrainConfig config, string run, bool resume = false) => ranks == 1
        ? [Train(SingleProcess.Instance, adapter, config, run, resume)]
        : ThreadRanks.Run(ranks, rank => Train(new Rendezvous(rank), adapter, config, run, resume));

    /// <summary>The tensors of a saved adapter, by name.</summary>
    public Dictionary<string, float[]> Saved(string folder)
    {
        using var reader = SafetensorsReader.Open(Directory.EnumerateFiles(_folder[folder], "*.safetensors").Single());
        using var scope = torch.NewDisposeScope();
        return reader.Entries.Keys.ToDictionary(name => name, name => reader.Read(name).to(torch.float32).data<float>().ToArray());
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Trains as one of the ranks.</summary>
    /// <param name="rank">Which.</param>
    /// <param name="adapter">As for all.</param>
    /// <param name="config">As for all.</param>
    /// <param name="run">As for all.</param>
    /// <param name="resume">As for all.</param>
    /// <param name="stop">Ends it; null for the test's own.</param>
    public RankRun Train(
        ICommunicator rank, AdapterConfig adapter, TrainConfig config, string run, bool resume = false, CancellationToken? stop = null)
    {
        using var model = rank.Size == 1
            ? ModelRegistry.LoadCausal(_folder["model"], DataType)
            : ModelRegistry.LoadPart(_folder["model"], StageShares.NeededBy(rank), DataType);
        ChangeModel(rank.Rank, model);
        if (HeadIsParted)
        {
            model.GiveOwnHead();
        }

        var adapted = AdaptedModel.Inject(model, adapter, seed: 3);
        var events = new List<RunEvent>();
        var setup = new TrainSetup(
            new NextTokenObjective(model, 0, config.Packing), [.. adapted.TrainableParameters()], TinyModel.Samples(24), TinyModel.Samples(5, shortest: 5), config,
            _folder[run], folder => AdapterStore.Save(adapted, folder, "tiny"))
        {
            Adapter = adapted,
            Communicator = rank,
        };
        var result = new Trainer(Change(setup)).Run(
            new Recorder(events, happened => OnEvent(rank.Rank, happened)), resume, stop ?? TestContext.Current.CancellationToken);
        return new RankRun(result, [.. adapted.TrainableParameters().SelectMany(p => p.Value.detach().data<float>().ToArray())], events);
    }

    private sealed class Recorder(List<RunEvent> events, Action<RunEvent> also) : IProgress<RunEvent>
    {
        public void Report(RunEvent value)
        {
            events.Add(value);
            also(value);
        }
    }
}
