using System.Globalization;
using System.Text.Json.Serialization;
using ResLora.Formats;
using ResLora.Training.Distributed;
using ResLora.Training.Distributed.Pipeline;

namespace ResLora.Training.Loop;

/// <summary>How the learning rate falls after the warm-up.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ScheduleKind>))]
public enum ScheduleKind
{
    /// <summary>Along half a cosine to 0.</summary>
    [JsonStringEnumMemberName("cosine")] Cosine,

    /// <summary>Along a straight line to 0.</summary>
    [JsonStringEnumMemberName("linear")] Linear,

    /// <summary>Not at all.</summary>
    [JsonStringEnumMemberName("constant")] Constant,
}

/// <summary>How a model is trained: for how long, on what batches, by which optimizer, and what is saved on the way.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record TrainConfig
{
    /// <summary>How long a run is when neither <see cref="Steps"/> nor <see cref="Epochs"/> says so, in passes over the data.</summary>
    public const double DefaultEpochs = 3;

    private const int MostSamples = 1_048_576;
    private const int MostThreads = 1024;

    /// <summary>
    /// How many optimizer steps; give this or <see cref="Epochs"/>. A run with a constant schedule can be resumed with more. Default: 3
    /// epochs.
    /// </summary>
    public int? Steps { get; init; }

    /// <summary>How many passes over the data; give this or <see cref="Steps"/>. Default 3.</summary>
    public double? Epochs { get; init; }

    /// <summary>Samples in one forward pass. Default 8.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>
    /// Forward passes whose gradients make one step; the loss is the mean over all trained tokens of the step. Default 1.
    /// </summary>
    public int AccumulationSteps { get; init; } = 1;

    /// <summary>The highest learning rate, which the warm-up ends at. Default 0.0002.</summary>
    public double LearningRate { get; init; } = 2e-4;

    /// <summary>How the learning rate falls after the warm-up. Default cosine.</summary>
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Cosine;

    /// <summary>
    /// The share of all steps in which the learning rate rises from 0, 0 to 1; <see cref="WarmupSteps"/> goes before. Default 0.03.
    /// </summary>
    public double WarmupRatio { get; init; } = 0.03;

    /// <summary>The steps in which the learning rate rises from 0. Default: by <see cref="WarmupRatio"/>.</summary>
    public int? WarmupSteps { get; init; }

    /// <summary>
    /// The share, times the learning rate, by which weights shrink in a step; matrices only, not norms and biases. Default 0.
    /// </summary>
    public double WeightDecay { get; init; }

    /// <summary>How slowly AdamW forgets the mean of gradients, 0 up to but not including 1. Default 0.9.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>How slowly AdamW forgets the mean of squared gradients, 0 up to but not including 1. Default 0.999.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>AdamW's ε, above 0, which keeps it from dividing by 0. Default 1e-8.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>The largest norm of all gradients together; larger ones are scaled down to it. 0 turns clipping off. Default 1.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>
    /// The decay of a moving average of what is trained, above 0 and below 1: the average is evaluated and saved, and training goes on with
    /// the numbers themselves. 0.999 counts about the last 1,000 steps; in early steps it is less. Takes 4 bytes for each number trained.
    /// Default: no average.
    /// </summary>
    public double? Ema { get; init; }

    /// <summary>The seed of the data's order and of dropout. Default 0.</summary>
    public long Seed { get; init; }

    /// <summary>
    /// The longest sample in tokens; longer ones are left out when the data is tokenised, and texts without a prompt are cut into windows.
    /// Not more than the model's positions; where these are fewer than the usual 512, they are the default. Default 512.
    /// </summary>
    public int MaxLength { get; init; } = 512;

    /// <summary>Steps between evaluations; there is always one at the end. 0: at the end only. Default 0.</summary>
    public int EvaluateEvery { get; init; }

    /// <summary>
    /// Steps between checkpoints to resume from; there is then one at the end, too. 0: none but when interrupted. Default 0.
    /// </summary>
    public int CheckpointEvery { get; init; }

    /// <summary>
    /// The step after which the run pauses, as if interrupted there: evaluated and with a checkpoint, its learning rate on the way of the
    /// whole length. Resumed with a later one, or none, it goes on. Default: none.
    /// </summary>
    public int? PauseAt { get; init; }

    /// <summary>How many of the newest checkpoints are kept. Default 2.</summary>
    public int KeepCheckpoints { get; init; } = 2;

    /// <summary>
    /// The metric that decides what is best: <c>eval_loss</c>, <c>eval_perplexity</c> or one that the task adds. Names that
    /// end in <c>_loss</c> or <c>perplexity</c> are better small, all others large. Default eval_loss.
    /// </summary>
    public string BestMetric { get; init; } = "eval_loss";

    /// <summary>After how many evaluations without a better result training stops. 0: never. Default 0.</summary>
    public int Patience { get; init; }

    /// <summary>Whether layers are computed again for the gradients instead of being kept: less memory, more time. Default false.</summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>
    /// What several processes that train together (started by mpirun) divide among them: <c>data</c>, the samples of a step, each with the
    /// whole model; or <c>pipeline</c>, the layers of a model of the Llama family, for one that does not fit into a machine: they work at
    /// the same time on the forward passes of a step, of which there should be more than processes (<see cref="AccumulationSteps"/>).
    /// Without effect on one process. Default data.
    /// </summary>
    public Parallelism Parallel { get; init; } = Parallelism.Data;

    /// <summary>
    /// How the gradients of forward passes are added up: fast, or ordered, which gives the same bits on any number of ranks
    /// (docs/distributed.md). Default fast.
    /// </summary>
    public Reduction Reduction { get; init; }

    /// <summary>
    /// How many seconds a rank waits for another one before the run ends, which then names the one that did not come. Longer than the
    /// longest time that ranks may be apart, such as for reading models. Default 600.
    /// </summary>
    public double RankTimeout { get; init; } = 600;

    /// <summary>
    /// Whether the samples of a forward pass stand one behind another in a single row instead of side by side with padding; each sees
    /// itself alone, and the loss is the same up to rounding. For generation; models with labels are always padded. Default true.
    /// </summary>
    public bool Packing { get; init; } = true;

    /// <summary>
    /// Whether kernels of ours take the place of chains of libtorch's operations where they fit: bfloat16, frozen weights, a processor with
    /// AVX-512. Results are equal up to the rounding of bfloat16. Default true.
    /// </summary>
    public bool FusedKernels { get; init; } = true;

    /// <summary>
    /// The most memory that the run may take, such as <c>8GB</c>, by the plan's estimate. Where the settings take more, packing, smaller
    /// forward passes with as many samples a step and, if need be, checkpointing are chosen; the plan says which. Freed memory is given
    /// back where the limit leaves no room to keep it, which is slower. Weights that are used as their files have them do not count: the
    /// system may drop and read them again. In a pipeline it holds for each process. Default: no limit.
    /// </summary>
    public string? MaxMemory { get; init; }

    /// <summary>
    /// The base model's dtype: <c>float32</c>, <c>bfloat16</c>, or <c>auto</c>: bfloat16 for an adapter on a model of the Llama family
    /// whose files are bfloat16, where the processor multiplies bfloat16 by itself, and float32 otherwise. Default auto.
    /// </summary>
    public string DataType { get; init; } = "auto";

    /// <summary>
    /// Threads of libtorch. 0: one where products are so small that waiting for each other costs more, else libtorch's own choice. Results
    /// are equal bit for bit only at an equal number. Default 0.
    /// </summary>
    public int Threads { get; init; }

    /// <summary>The share of samples without any trained token, 0 to 1, above which the data is refused. Default 0.05.</summary>
    public double MaxUntrainedShare { get; init; } = 0.05;

    /// <summary>Whether a metric that may be <see cref="BestMetric"/> is better small.</summary>
    /// <param name="metric">Its name.</param>
    public static bool IsBetterSmall(string metric)
    {
        ArgumentNullException.ThrowIfNull(metric);
        return metric.EndsWith("_loss", StringComparison.Ordinal) || metric.EndsWith("perplexity", StringComparison.Ordinal);
    }

    /// <summary>What cannot be carried out, a phrase each; empty when all is well.</summary>
    /// <returns>The problems.</returns>
    public IEnumerable<string> Problems()
    {
        if (Steps is not null && Epochs is not null)
        {
            yield return "steps and epochs are both given; give one of them";
        }

        if (Epochs is { } epochs && !(epochs > 0 && double.IsFinite(epochs)))
        {
            yield return $"epochs is {epochs}; it must be above 0";
        }

        (string Name, int Value)[] atLeastOne =
        [
            ("steps", Steps ?? 1), ("batchSize", BatchSize), ("accumulationSteps", AccumulationSteps),
            ("pauseAt", PauseAt ?? 1), ("keepCheckpoints", KeepCheckpoints), ("maxLength", MaxLength - 1),
        ];
        foreach (var (name, value) in atLeastOne.Where(number => number.Value < 1))
        {
            yield return name == "maxLength"
                ? $"maxLength is {MaxLength}; it must be 2 or more"
                : $"{name} is {value}; it must be 1 or more";
        }

        (string Name, double Value)[] notNegative =
        [
            ("learningRate", LearningRate), ("weightDecay", WeightDecay), ("clipNorm", ClipNorm),
            ("warmupSteps", WarmupSteps ?? 0), ("evaluateEvery", EvaluateEvery), ("checkpointEvery", CheckpointEvery),
            ("patience", Patience), ("threads", Threads),
        ];
        foreach (var (name, value) in notNegative.Where(number => !(number.Value >= 0 && double.IsFinite(number.Value))))
        {
            yield return $"{name} is {value}; it must be 0 or more";
        }

        foreach (var problem in Excesses())
        {
            yield return problem;
        }

        // As float32, which the optimizer computes in: a parameter without a gradient is divided by ε alone.
        if (!((float)Epsilon > 0 && float.IsFinite((float)Epsilon)))
        {
            yield return string.Create(
                CultureInfo.InvariantCulture, $"epsilon is {Epsilon}; it must be above 0 in float32, or a step divides 0 by 0");
        }

        (string Name, double Value)[] shares = [("warmupRatio", WarmupRatio), ("maxUntrainedShare", MaxUntrainedShare)];
        foreach (var (name, value) in shares.Where(share => !(share.Value is >= 0 and <= 1)))
        {
            yield return $"{name} is {value}; it must be from 0 to 1";
        }

        (string Name, double Value)[] betas = [("beta1", Beta1), ("beta2", Beta2)];
        foreach (var (name, value) in betas.Where(beta => !(beta.Value is >= 0 and < 1)))
        {
            yield return $"{name} is {value}; it must be from 0 up to but not including 1";
        }

        if (Ema is { } decay && !(decay is > 0 and < 1))
        {
            yield return string.Create(
                CultureInfo.InvariantCulture, $"ema is {decay}; it must be above 0 and below 1, or null for no average");
        }

        foreach (var problem in ComputeTypeName.Problems("dataType", DataType))
        {
            yield return problem;
        }

        if (MaxMemory is not null && ByteSize.TryParse(MaxMemory) is null)
        {
            yield return $"maxMemory {ByteSize.Problem(MaxMemory)}";
        }

        if (!(RankTimeout > 0 && double.IsFinite(RankTimeout)))
        {
            yield return $"rankTimeout is {RankTimeout}; it must be above 0, in seconds";
        }

        if (!Enum.IsDefined(Reduction))
        {
            yield return $"reduction is {Reduction}; it must be fast or ordered";
        }

        if (!Enum.IsDefined(Parallel))
        {
            yield return $"parallel is {Parallel}; it must be data or pipeline";
        }

        if (!Enum.IsDefined(Schedule))
        {
            yield return $"schedule is {Schedule}; it must be cosine, linear or constant";
        }

        if (string.IsNullOrWhiteSpace(BestMetric))
        {
            yield return "bestMetric is empty; eval_loss is the usual choice";
        }
    }

    /// <summary>Why as many ranks cannot share a step: one of them would have nothing to do in any step.</summary>
    /// <param name="ranks">How many ranks there are.</param>
    /// <returns>A sentence, or null when they can.</returns>
    public string? RanksProblem(int ranks)
    {
        if (Reduction == Reduction.Ordered && AccumulationSteps < ranks)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"training.reduction is ordered, which divides no forward pass, and {ranks} ranks share {AccumulationSteps} of them; ")
                + $"set training.accumulationSteps to {ranks} or more, and training.batchSize down to match.";
        }

        return (long)BatchSize * AccumulationSteps < ranks
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{ranks} ranks share the {BatchSize * AccumulationSteps} samples of a step; start as many ranks at most, ")
                + "or raise training.batchSize or training.accumulationSteps."
            : null;
    }

    /// <summary>The samples of a whole step that the busiest of several ranks computes.</summary>
    /// <param name="ranks">How many ranks there are.</param>
    /// <returns>The samples, at least 1.</returns>
    public int MostSamplesOfARank(int ranks) => StepShare.KeepsPassesWhole(AccumulationSteps, ranks, Reduction)
        ? (AccumulationSteps + ranks - 1) / ranks * BatchSize
        : ((BatchSize * AccumulationSteps) + ranks - 1) / ranks;

    // Far above what anybody needs, and below what overflows a counter, float32 or the machine's threads.
    private IEnumerable<string> Excesses()
    {
        (string Name, double Value, double Most)[] bounds =
        [
            ("steps", Steps ?? 0, 100_000_000), ("epochs", Epochs ?? 0, 1_000_000), ("batchSize", BatchSize, MostSamples), (
                "accumulationSteps", AccumulationSteps, MostSamples),
            ("learningRate", LearningRate, 1e30), (
                "warmupSteps", WarmupSteps ?? 0, 100_000_000), ("weightDecay", WeightDecay, 1e6), ("epsilon", Epsilon, 1e6),
            ("clipNorm", ClipNorm, 1e30), ("maxLength", MaxLength, 16_777_216), (
                "keepCheckpoints", KeepCheckpoints, 1_000_000), ("threads", Threads, MostThreads),
            ("rankTimeout", RankTimeout, 1_000_000),
        ];
        foreach (var (name, value, most) in bounds.Where(bound => bound.Value > bound.Most))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be {most} or less");
        }

        if (BatchSize is > 0 and <= MostSamples && AccumulationSteps is > 0 and <= MostSamples && (long)BatchSize * AccumulationSteps > MostSamples)
        {
            yield return $"batchSize and accumulationSteps make {(long)BatchSize * AccumulationSteps} samples a step; they may make {MostSamples}";
        }
    }
}
