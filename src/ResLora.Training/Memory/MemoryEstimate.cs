using ResLora.Adapters;
using ResLora.Adapters.Layers;
using ResLora.Models;
using ResLora.Models.Memory;
using ResLora.Training.Loop;

namespace ResLora.Training.Memory;

/// <summary>
/// How much memory training takes at its peak, reckoned from shapes alone: nothing is run and weights need not be loaded. The parts are
/// those of the moment at which they are most together. It counts what is in use; what an allocator holds back comes on top
/// (docs/memory.md).
/// </summary>
/// <param name="BaseWeights">Bytes of base weights in memory of the process: those converted to another dtype.</param>
/// <param name="Trained">Bytes of what is trained: 4 for each number and 8 for AdamW's moments, 4 for a moving average, what an adapter's
/// method keeps, and 4 for the gradient once there is one.</param>
/// <param name="Activations">Bytes kept for the backward pass of the largest batch.</param>
/// <param name="Passing">Bytes that come and go: the loss with its logits, or the gradients inside a layer, whichever is more.</param>
public sealed record MemoryEstimate(long BaseWeights, long Trained, long Activations, long Passing)
{
    /// <summary>
    /// What the program itself takes, in bytes: .NET, libtorch and tokenizer. Measured on Linux, x64, as what was left of the peak when the
    /// counted tensors were taken off: 89 to 116 MB in the runs of docs/memory.md.
    /// </summary>
    public const long Runtime = 100_000_000;

    /// <summary>
    /// What comes on top in bfloat16, whose products libtorch compiles and keeps. Measured likewise: 97 to 139 MB together with
    /// <see cref="Runtime"/>.
    /// </summary>
    public const long CompiledProducts = 25_000_000;

    private const int FloatBytes = 4;
    private const int ValueAndMoments = 3;

    // A token of the data: its number and its target, and some four characters of text. Measured on GSM8K.
    private const int DataBytes = 22;

    // Freed memory that is kept, above all that was measured (docs/memory.md): so many times what a pass takes, without and with gradient
    // checkpointing, and this part of the program's own memory.
    private const double FreedPasses = 2.5, FreedPassesCheckpointed = 4;

    private const int FreedOfProgram = 4;

    /// <summary>
    /// Bytes of base weights that are used as their files have them: pages of the system's file cache, not counted in <see cref="Total"/>.
    /// </summary>
    public long MappedWeights { get; init; }

    /// <summary>What the program itself takes, its data included, in bytes.</summary>
    public long Program { get; init; } = Runtime;

    /// <summary>All memory of the process together, in bytes.</summary>
    public long Total => Program + BaseWeights + Trained + Activations + Passing;

    /// <summary>
    /// The most that comes on top where the process keeps freed memory (<c>Allocator.KeepFreedMemory</c>), in bytes: blocks of one step do
    /// not always serve for the next.
    /// </summary>
    public long Freed { get; init; }

    /// <summary>The most that the process may take where it keeps freed memory, in bytes.</summary>
    public long TotalWithFreed => Total + Freed;

    /// <summary>Reckons the memory.</summary>
    /// <param name="model">The model, whose weights may be on the meta device.</param>
    /// <param name="adapter">The adapter on it; null when the model itself is trained.</param>
    /// <param name="config">Accumulation and checkpointing.</param>
    /// <param name="weights">Where the base weights are.</param>
    /// <param name="batches">The shapes of the run's batches.</param>
    /// <param name="dataTokens">The tokens of all training samples, which stay in memory. Default 0.</param>
    /// <param name="stage">Which process of a pipeline it is reckoned for, with <paramref name="weights"/> of its share; null for one that
    /// has the whole model.</param>
    /// <returns>
    /// The estimate, or null when the network has no account of its memory, or the adapter has a block that the account says nothing of.
    /// </returns>
    public static MemoryEstimate? Of(
        Network model, AdaptedModel? adapter, TrainConfig config, BaseMemory weights, IReadOnlyCollection<BatchShape> batches,
        long dataTokens = 0, StageLoad? stage = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(batches);
        if (AccountOf(model, adapter, config, weights.Width, batches) is not { } account || !Counts(account, adapter))
        {
            return null;
        }

        long[] trained = [.. adapter?.TrainableParameters().Select(p => p.Value.numel()) ?? model.parameters().Select(p => p.numel())];
        var all = trained.Sum();
        // Without an adapter the values are the base weights themselves.
        var average = config.Ema is null ? 0 : 1;
        var values = (
            all * FloatBytes * ((adapter is null ? ValueAndMoments - 1 : ValueAndMoments) + average)) + StateOf(adapter) + (
                FloatBytes * (adapter?.SharedCount ?? 0));
        var gradients = all * FloatBytes;
        // Gradients travel as one row of numbers.
        values += stage is null ? 0 : gradients;
        var pass = stage is null
            ? LargestPass(account, adapter, config, weights.Width, batches)
            : LargestPasses(stage, model, account, adapter, config, batches);
        var inPass = new MemoryEstimate(weights.Own, values + (config.AccumulationSteps > 1 ? gradients : 0), pass.Kept, pass.Passing)
        {
            MappedWeights = weights.Mapped,
            Program = Runtime + (weights.Width == FloatBytes ? 0 : CompiledProducts) + (DataBytes * dataTokens),
        };
        // The optimizer's step has no activations left and one more tensor like the largest parameter.
        var inStep = inPass with { Trained = values + gradients, Activations = 0, Passing = trained.DefaultIfEmpty().Max() * FloatBytes };
        var freedPasses = config.GradientCheckpointing ? FreedPassesCheckpointed : FreedPasses;
        return (
            inPass.Total >= inStep.Total ? inPass : inStep) with
        {
            Freed = (long)(freedPasses * (pass.Kept + pass.Passing)) + (inPass.Program / FreedOfProgram)
        };
    }

    /// <summary>What a network says that its passes take; null where it has no account.</summary>
    internal static MemoryAccount? AccountOf(
        Network model, AdaptedModel? adapter, TrainConfig config, int width, IReadOnlyCollection<BatchShape> batches) =>
        model.Memory(new TrainingTerms(width, adapter is null, config.FusedKernels)
        {
            Places = batches.Select(batch => batch.Width).DefaultIfEmpty().Max(),
        });

    /// <summary>What an adapter's method keeps for its own steps, in bytes.</summary>
    internal static long StateOf(AdaptedModel? adapter) =>
        adapter is { Config.Kind.StateOfFactors: > 0 and var each }
            ? FloatBytes * each * adapter.BlockParameters().Sum(p => p.Value.numel())
            : 0;

    /// <summary>
    /// Whether an account counts all blocks. It is made for linear layers; a block on a convolution is counted where the account names the
    /// layer and the block keeps the layer's input as it is: what else it may keep goes by places of the input, times the kernel.
    /// </summary>
    private static bool Counts(MemoryAccount account, AdaptedModel? adapter)
    {
        AdapterBlock[] others = [.. adapter?.Blocks.Where(block => block.Site is not LinearSite) ?? []];
        return others.Length == 0 || others.All(block => block is { Site: ConvolutionSite, Cost: { KeepsInput: true, CarriedPerToken: 0 } }
            && account.Layers.Zip(LayerBlocks.Of(adapter, account.Layers, 1)).Any(layer => layer.Second.Counts(block, layer.First.Inputs)));
    }

    private static (long Kept, long Passing) LargestPass(
        MemoryAccount account, AdaptedModel? adapter, TrainConfig config, int width, IReadOnlyCollection<BatchShape> batches)
    {
        // Blocks are float32: where the base is not, each keeps a copy of its factors.
        var casts = width == FloatBytes || adapter is null ? 0 : adapter.TrainableCount * width;
        var fixedParts = width * (adapter?.Blocks.Sum(block => block.Cost.Fixed) ?? 0);
        return LargestPass(account, LayerMemory.Of(account, adapter, width), casts + fixedParts, config, batches);
    }

    /// <summary>
    /// What a stage keeps of as many passes as it has in hand at a time, with what arrived and what has left; the end of the network and
    /// the loss are the last one's.
    /// </summary>
    private static (long Kept, long Passing) LargestPasses(
        StageLoad stage, Network model, MemoryAccount account, AdaptedModel? adapter, TrainConfig config,
        IReadOnlyCollection<BatchShape> batches)
    {
        var width = stage.Weights.Width;
        var crossing = stage.Arriving(model, adapter, account) + stage.Leaving(model, adapter, account);
        var used = adapter is null ? [] : stage.BlocksUsed(model, adapter);
        var casts = width == FloatBytes ? 0 : used.SelectMany(block => block.Factors).Sum(factor => factor.Value.numel()) * width;
        var (kept, passing) = LargestPass(
            account with
            {
                BehindLayers = (stage.Share.IsLast ? account.BehindLayers : 0) + crossing,
                Loss = stage.Share.IsLast ? account.Loss : _ => 0,
            },
            [.. LayerMemory.Of(account, adapter, width).Skip(stage.Share.First).Take(stage.Share.Count)],
            casts + (width * used.Sum(block => block.Cost.Fixed)),
            config,
            batches);
        return (kept * stage.PassesKept(config), passing);
    }

    private static (long Kept, long Passing) LargestPass(
        MemoryAccount account, IReadOnlyList<LayerMemory> layers, long fixedBytes, TrainConfig config,
        IReadOnlyCollection<BatchShape> batches)
    {
        (long Kept, long Passing) Of(BatchShape shape)
        {
            var batch = account.IsPerSample ? shape with { Width = 1 } : shape;
            var loss = account.Loss(batch.Targets);
            var inLayer = layers.Max(layer => layer.Passing) * batch.Tokens;
            var ends = fixedBytes + (account.BehindLayers * batch.Tokens);
            return config.GradientCheckpointing
                ? ((layers.Sum(layer => layer.Input) * batch.Tokens) + ends,
                    Math.Max(loss, layers.Max(layer => layer.KeptAgain(batch)) + inLayer))
                : (layers.Sum(layer => layer.KeptOf(batch)) + ends, Math.Max(loss, inLayer));
        }

        return batches.Select(Of).DefaultIfEmpty().MaxBy(pass => pass.Kept + pass.Passing);
    }
}
