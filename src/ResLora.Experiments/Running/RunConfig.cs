using ResLora.Adapters;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Places;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Training.Loop;
using ResLora.Training.Objectives.Denoising;

namespace ResLora.Experiments.Running;

/// <summary>A fine-tuning run: what <c>reslora train</c> and <c>reslora plan</c> read.</summary>
public sealed record RunConfig : ICheckedConfig
{
    /// <summary>The metric of <c>training.bestMetric</c> that has every evaluation generate answers and compare them.</summary>
    public const string ExactMatchMetric = "eval_exact_match";

    /// <summary>The base model: a folder in Hugging Face's layout, a GGUF file, or <c>hub:org/name</c> (docs/hub.md).</summary>
    [ConfigPath(PlaceKind.Model)]
    public required string Model { get; init; }

    /// <summary>The task: how rows become prompt and completion, and what the answer is (docs/tasks.md lists all).</summary>
    public required string Task { get; init; }

    /// <summary>The data.</summary>
    public required DataConfig Data { get; init; }

    /// <summary>The adapter; null trains all weights of the model instead.</summary>
    public AdapterConfig? Adapter { get; init; } = new();

    /// <summary>
    /// An adapter folder, reslora or PEFT, or <c>hub:org/name</c>, that training starts from. Its settings (rank, alpha, targets, shortcut) are then the run's, and
    /// <see cref="Adapter"/> must be left out. The optimizer and the learning rate start anew. Default: a new adapter.
    /// </summary>
    [ConfigPath(PlaceKind.Model)]
    public string? StartFrom { get; init; }

    /// <summary>
    /// How to train. With <c>bestMetric: eval_exact_match</c> every evaluation also generates answers for the validation data.
    /// </summary>
    public TrainConfig Training { get; init; } = new();

    /// <summary>For text-to-image: how the model learns to take noise out of pictures.</summary>
    public DenoisingConfig Denoising { get; init; } = new();

    /// <summary>For text-to-image: pictures that the run makes at every evaluation.</summary>
    public SamplesConfig Samples { get; init; } = new();

    /// <summary>Merged models that every evaluation scores beside the unmerged one.</summary>
    public MergingConfig Merging { get; init; } = new();

    /// <summary>The run's folder. Default: <c>runs/</c> and the file's name, in the file's folder.</summary>
    [ConfigPath]
    public string? Output { get; init; }

    /// <summary>Reads a file and checks what it asks for.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="assignments"><c>key=value</c> each, which override the file.</param>
    /// <returns>The settings, free of problems, with full paths.</returns>
    /// <exception cref="ResLoraException">The file cannot be read, or settings are wrong: all are listed.</exception>
    public static RunConfig Read(string path, params IEnumerable<string> assignments)
    {
        var config = ConfigFile.Read<RunConfig>(path, assignments);
        return config with
        {
            Output = config.Output ?? Path.Combine(
                Path.GetDirectoryName(Path.GetFullPath(path))!, "runs", Path.GetFileNameWithoutExtension(path)),
        };
    }

    /// <summary>
    /// The settings as they are carried out on a model: where a new adapter names no targets, with those of the model's family; where the
    /// usual longest sample is longer than the model's positions, with these.
    /// </summary>
    /// <exception cref="ConfigException">The longest sample is another one than the usual, and the model has fewer positions.</exception>
    internal RunConfig For(Network model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var positions = (model as LanguageModel)?.MaxPositions ?? Training.MaxLength;
        if (Training.MaxLength > positions && Training.MaxLength != new TrainConfig().MaxLength)
        {
            throw new ConfigException(
                $"training.maxLength is {Training.MaxLength}, and {Model} has {positions} positions (max_position_embeddings); set it to {positions} or less.");
        }

        return this with
        {
            Training = Training with { MaxLength = Math.Min(Training.MaxLength, positions) },
            Adapter = StartFrom is null ? Adapter?.WithUsualTargets(model.UsualTargets) : Adapter,
        };
    }

    /// <summary>Reads the run's data for a network.</summary>
    /// <param name="network">The network, which may be on the meta device.</param>
    /// <param name="headIsNew">Whether the network gets the head that the data asks for.</param>
    /// <returns>The data.</returns>
    /// <exception cref="ResLoraException">Files cannot be used, or the network cannot do the task.</exception>
    internal TaskData ReadData(Network network, bool headIsNew)
    {
        var workload = WorkloadRegistry.Of(Task);
        workload.Require(Task, network, Model);
        return workload.Read(new RunSource(Task, Data, Model, StartFrom) { Denoising = Denoising }, network, headIsNew);
    }

    /// <inheritdoc />
    public IEnumerable<string> Problems()
    {
        var tasks = WorkloadRegistry.Tasks;
        if (!tasks.Contains(Task))
        {
            yield return $"task is '{Task}'.{NearestName.Suggestion(Task, tasks)} Tasks: {string.Join(", ", tasks)}";
        }

        var inner = Data.Problems()
            .Concat(tasks.Contains(Task) ? WorkloadRegistry.Of(Task).Problems(Data) : [])
            .Select(problem => $"data.{problem}")
            .Concat(Adapter?.Problems().Select(problem => $"adapter.{problem}") ?? [])
            .Concat(Denoising.Problems().Select(problem => $"denoising.{problem}"))
            .Concat(Samples.Problems().Select(problem => $"samples.{problem}"))
            .Concat(Training.Problems().Select(problem => $"training.{problem}"))
            // A saved adapter's structure is known only once it is read.
            .Concat(StartFrom is not null ? [] : Merging.Problems(Adapter).Select(problem => $"merging.{problem}"));
        foreach (var problem in inner)
        {
            yield return problem;
        }

        if ((
            Denoising != new DenoisingConfig() || Samples.Prompts.Count > 0) && tasks.Contains(Task) && !WorkloadRegistry.Of(Task).Denoises)
        {
            yield return $"denoising and samples are for models that make pictures; task '{Task}' has no use for them";
        }

        if (Adapter is { Shortcut.Anneal: > 0 } && Training.Patience > 0)
        {
            yield return "training.patience may end the run before adapter.shortcut.anneal has come to 0, where the merge is exact; leave one of them out";
        }

        if (StartFrom is not null && Adapter != new AdapterConfig())
        {
            yield return "adapter and startFrom are both given; an adapter that training starts from brings its own settings, so leave adapter out";
        }

        if (Adapter is null && Training.DataType == "bfloat16")
        {
            yield return $"training.dataType is '{Training.DataType}'; without an adapter all weights are trained, which needs float32";
        }
    }
}
