using ResLora.Formats;
using ResLora.Models;
using ResLora.Models.Diffusion;
using ResLora.Training.Distributed;
using ResLora.Training.Evaluation;
using static TorchSharp.torch;

namespace ResLora.Training.Objectives.Denoising;

/// <summary>
/// Take the noise out of pictures: with x₀ latents, ε noise and t a timestep, all drawn at random, the UNet sees
/// xₜ = √ᾱₜ x₀ + √(1 − ᾱₜ) ε and says ε, or the velocity √ᾱₜ ε − √(1 − ᾱₜ) x₀; lost is the mean squared error.
/// </summary>
/// <param name="model">The pipeline's networks, borrowed.</param>
/// <param name="schedule">How much noise a timestep has.</param>
/// <param name="config">How it is learnt.</param>
/// <param name="trainsText">Whether the text encoder is trained too, so that captions are encoded in every pass.</param>
/// <remarks>Ho et al., arXiv:2006.11239, equations 4 and 14; the velocity: Salimans and Ho, arXiv:2202.00512, appendix D.</remarks>
public sealed class DenoisingObjective(
    TextToImageModel model, NoiseSchedule schedule, DenoisingConfig config, bool trainsText) : Objective(model)
{
    /// <summary>Into so many equal bands the timesteps are divided where losses are told.</summary>
    public const int Bands = 4;

    /// <inheritdoc />
    public override IReadOnlyList<string> Metrics => [LossMetric, .. Parts.Select(MetricOf)];

    /// <summary>The bands of timesteps, such as <c>timesteps_0_to_249</c>.</summary>
    /// <inheritdoc />
    public override IReadOnlyList<string> Parts =>
        [.. Enumerable.Range(0, Bands).Select(band => $"timesteps_{StartOf(band)}_to_{StartOf(band + 1) - 1}")];

    /// <inheritdoc />
    public override string NothingToLearn => "no picture";

    /// <inheritdoc />
    public override bool PredictsValues => true;

    /// <inheritdoc />
    public override string SpeedUnit => "pictures";

    /// <inheritdoc />
    public override int CountOf(IExample example) => 1;

    /// <inheritdoc />
    public override int TargetsOf(IExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        return example.Size;
    }

    /// <inheritdoc />
    public override int PartOf(IExample example) => BandOf(((DenoisingExample)example).Fixed!.Timestep);

    /// <inheritdoc />
    public override Batch Collate(IReadOnlyList<IExample> examples)
    {
        ArgumentNullException.ThrowIfNull(examples);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var rows = examples.Cast<DenoisingExample>().Select(
            example => example.Fixed is { } given ? Row(example, given) : Row(example)).ToArray();
        // 2 x [B, C, Y, X]
        var (latents, noise) = (stack([.. rows.Select(row => row.Latents)]), stack([.. rows.Select(row => row.Noise)]));
        var timesteps = tensor(rows.Select(row => (long)row.Timestep).ToArray());                                          // [B]
        return Noisy(latents, noise, timesteps, stack([.. rows.Select(row => row.Condition)])).MoveToOuterDisposeScope();
    }

    /// <summary>Puts noise on latents.</summary>
    /// <param name="latents">[B, C, Y, X] float32, scaled as the UNet takes them; borrowed.</param>
    /// <param name="noise">The same shape, borrowed.</param>
    /// <param name="timesteps">[B] int64, borrowed.</param>
    /// <param name="condition">[B, T, D] what the text encoder has made of captions, or [B, T] tokens where it is trained;
    /// borrowed.</param>
    /// <returns>The batch on the model's device, owned by the caller.</returns>
    public DenoisingBatch Noisy(Tensor latents, Tensor noise, Tensor timesteps, Tensor condition)
    {
        ArgumentNullException.ThrowIfNull(timesteps);
        ArgumentNullException.ThrowIfNull(condition);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var device = model.Device;
        var weights = config.SnrGamma is { } gamma ? schedule.MinSnrWeights(timesteps, gamma) : ones(timesteps.shape[0]);
        return new DenoisingBatch(
            Out(schedule.AddNoise(latents, noise, timesteps)), Out(timesteps), Out(condition),
            Out(schedule.Target(latents, noise, timesteps)), Out(weights.to(float32)));

        Tensor Out(Tensor value) => value.to(device).alias().MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public override Tensor Predictions(Batch batch)
    {
        var given = Of(batch);
        using var scope = NewDisposeScope();
        var text = trainsText ? model.Encode(given.Condition) : given.Condition;   // [B, T] -> [B, T, D]
        var type = model.DataType;
        return model.Denoise(given.Noisy.to(type), given.Timesteps, text.to(type)).to(float32).MoveToOuterDisposeScope();   // [B, C, Y, X]
    }

    /// <summary>Σ of w · (said − wanted)² over all numbers, w each sample's weight.</summary>
    /// <inheritdoc />
    public override Tensor LossSum(Batch batch)
    {
        using var scope = NewDisposeScope();
        var squares = (Predictions(batch) - batch.Targets).square().flatten(1).sum(1);   // [B, C, Y, X] -> [B]
        return (squares * Of(batch).Weights).sum().MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public override Tensor LossSum(Tensor predictions, Tensor targets) =>
        nn.functional.mse_loss(predictions, targets, nn.Reduction.Sum);

    /// <inheritdoc />
    public override void Forward(Batch batch) => Predictions(batch).Dispose();

    /// <summary>The plain mean squared error, without weights: over all timesteps, and over each band of them.</summary>
    /// <inheritdoc />
    public override IReadOnlyDictionary<string, double> Measure(IReadOnlyList<IExample> examples, int batchSize, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(examples);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        using var mode = new EvaluationMode(model);
        IExample[][] groups = [.. examples.OrderBy(example => example.Size).Chunk(batchSize)];
        var measured = Ranks.Map(groups, group =>
        {
            stop.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = (DenoisingBatch)Collate(group);
            var errors = (Predictions(batch) - batch.Targets).square().flatten(1).mean([1]).cpu().data<float>().ToArray();   // [B]
            return (Errors: errors, Timesteps: batch.Timesteps.cpu().data<long>().ToArray());
        });
        var (sums, counts) = (new double[Bands], new long[Bands]);
        foreach (var (error, timestep) in measured.SelectMany(one => one.Errors.Zip(one.Timesteps)))
        {
            var band = BandOf(timestep);
            sums[band] += error;
            counts[band]++;
        }

        var parts = Parts;
        var metrics = new Dictionary<string, double> { [LossMetric] = sums.Sum() / counts.Sum() };
        for (var band = 0; band < Bands; band++)
        {
            metrics[MetricOf(parts[band])] = counts[band] > 0 ? sums[band] / counts[band] : 0;
        }

        return metrics;
    }

    private int BandOf(long timestep) => (int)(timestep * Bands / schedule.TrainTimesteps);

    /// <summary>The first timestep of a band, rounded up as <see cref="BandOf"/> rounds down; that of the band after the last is the
    /// end.</summary>
    private int StartOf(int band) => ((schedule.TrainTimesteps * band) + Bands - 1) / Bands;

    private static DenoisingBatch Of(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return (DenoisingBatch)batch;
    }

    private sealed record Drawn(Tensor Latents, Tensor Noise, int Timestep, Tensor Condition);

    private Drawn Row(DenoisingExample example, FixedNoise given)
    {
        using var generator = new Generator((ulong)given.Seed, CPU);
        var mean = example.Latents(mirrored: false).Mean;
        return new Drawn(mean, randn(mean.shape, generator: generator), given.Timestep, Condition(example, isDropped: false));
    }

    /// <summary>Everything is drawn whether it is used or not, so that one setting does not move the draws of the others.</summary>
    private Drawn Row(DenoisingExample example)
    {
        var chances = rand(2).data<float>().ToArray();
        var (mean, deviation) = example.Latents(mirrored: chances[0] < config.HorizontalFlip);
        var latents = mean + (deviation * randn(mean.shape));   // [C, Y, X]
        var timestep = (int)randint(schedule.TrainTimesteps, [1], dtype: int64).item<long>();
        var noise = randn(mean.shape) + (config.NoiseOffset * randn([mean.shape[0], 1, 1]));   // [C, Y, X]
        return new Drawn(latents, noise, timestep, Condition(example, isDropped: chances[1] < config.CaptionDropout));
    }

    private Tensor Condition(DenoisingExample example, bool isDropped) => trainsText
        ? tensor(example.Ids(isDropped).Select(id => (long)id).ToArray())
        : example.Text(isDropped);
}
