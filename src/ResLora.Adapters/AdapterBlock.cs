using ResLora.Adapters.Layers;
using ResLora.Adapters.Merging;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// A frozen layer with what a method trains beside it. A method says what its factors are and what they make of an input; what earlier
/// blocks of a chain hand on is in the <see cref="ShortcutPass"/>, never in a module.
/// </summary>
/// <remarks>Factors are float32; the base may be of any floating dtype.</remarks>
public abstract class AdapterBlock : nn.Module<Tensor, Tensor>
{
    private readonly List<KeyValuePair<string, Parameter>> _factors = [];

    /// <summary>Wraps a layer.</summary>
    /// <param name="site">The layer; frozen from now on, its weight is never written.</param>
    /// <param name="config">The adapter's settings, with this block's own rank and alpha.</param>
    protected AdapterBlock(LayerSite site, AdapterConfig config) : base(nameof(AdapterBlock))
    {
        ArgumentNullException.ThrowIfNull(site);
        ArgumentNullException.ThrowIfNull(config);
        (Site, Config, Scaling) = (site, config, config.Scaling);
        foreach (var parameter in site.Layer.parameters())
        {
            parameter.requires_grad = false;
        }

        register_module("base_layer", site.Layer);
    }

    /// <summary>The layer that carries the block.</summary>
    public LayerSite Site { get; }

    /// <summary>The layer's dotted name in its model, such as <c>model.layers.0.self_attn.q_proj</c>.</summary>
    public string ModuleName => Site.Name;

    /// <summary>The frozen layer.</summary>
    public nn.Module<Tensor, Tensor> BaseLayer => Site.Layer;

    /// <summary>Din.</summary>
    public long InFeatures => Site.InFeatures;

    /// <summary>Dout.</summary>
    public long OutFeatures => Site.OutFeatures;

    /// <summary>The adapter's settings, with this block's own rank and alpha.</summary>
    public AdapterConfig Config { get; }

    /// <summary>s, the factor of the block's update.</summary>
    public double Scaling { get; }

    /// <summary>
    /// What is trained, by the names that PEFT gives it behind the module's, such as <c>lora_A.weight</c>; in a fixed order.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, Parameter>> Factors => _factors;

    /// <summary>
    /// The earlier blocks that this one reads, nearest first (n−1, n−2, …, at most m); empty at the head of a chain and without a
    /// shortcut. Set once by the injector; not registered, so that the earlier blocks' parameters stay theirs alone.
    /// </summary>
    public IReadOnlyList<AdapterBlock> Previous { get; internal set; } = [];

    /// <summary>Whether a later block reads what this one hands on; the last of a chain hands on nothing.</summary>
    internal bool IsRead { get; set; }

    /// <summary>γ, the weight of the shortcut; set for all blocks of a model at once (<see cref="AdaptedModel.ShortcutWeight"/>).</summary>
    public double ShortcutWeight { get; internal set; } = 1;

    /// <summary>Whether the sizes of a pass's activations are those that merges look for.</summary>
    internal virtual bool GathersStatistics => true;

    /// <summary>Whether a forward pass has reached the block.</summary>
    internal bool HasRun { get; private set; }

    /// <summary>The numbers that a block hands on or that B sees for one token: R for a block of low rank.</summary>
    public abstract long LowWidth { get; }

    /// <summary>What autograd keeps for the block.</summary>
    public abstract BlockCost Cost { get; }

    /// <summary>
    /// What is added to another block's input under the input shortcut: it has a block before it, or counts its own input twice.
    /// </summary>
    protected bool AddsInputs => Config.Shortcut.Traits.AddsInputs
        && (Previous.Count > 0 || Config.Shortcut.FirstBlock == FirstBlock.Doubled);

    /// <summary>Whether earlier blocks' updates are added to this one's: under the block shortcut, unless its weight is 0.</summary>
    private protected bool SumsUpdates => Config.Shortcut.Traits.AddsUpdates && ShortcutWeight > 0;

    /// <summary>How many updates a step of training computes for the block: under the block shortcut those of earlier blocks,
    /// too.</summary>
    private protected long Updates => 1 + (Config.Shortcut.Traits.AddsUpdates ? Previous.Count : 0);

    /// <summary>The dropout in force: none outside of training.</summary>
    protected double ActiveDropout => training ? Config.Dropout : 0;

    /// <summary>The weight of a block's own term in front of a merge: 1 + γ where the input shortcut doubles the first block's input, else
    /// 1.</summary>
    internal double OwnWeight => Previous.Count == 0 && Config.Shortcut is { Traits.AddsInputs: true, FirstBlock: FirstBlock.Doubled }
        ? 1 + ShortcutWeight
        : 1;

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        HasRun = true;
        using var scope = NewDisposeScope();
        var output = Output(input);
        ShortcutPass.Current?.Observer?.ObserveOutput(this, input, output);
        return output.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The factors of the update s · B A that the block makes by itself, shortcuts aside; null where its update has no low rank. New
    /// tensors are in the caller's dispose scope, factors are borrowed.
    /// </summary>
    /// <returns>The factors, or null.</returns>
    public virtual LoraPair? AsLowRank() => null;

    /// <summary>
    /// ΔW, what the block adds to its layer's weight by itself, lengths of rows aside: the matrix [Dout, Din] in float32.
    /// </summary>
    /// <returns>New tensor, owned by the caller.</returns>
    public abstract Tensor DeltaWeight();

    /// <summary>The block as PEFT's files hold it: its factors as they are, where nothing else is said.</summary>
    /// <returns>The stored block.</returns>
    public virtual StoredBlock Stored() =>
        new([.. _factors.Select(f => KeyValuePair.Create(f.Key, (Tensor)f.Value))], Config.Rank, Config.Alpha);

    /// <summary>Which part of a factor PEFT's files hold; null for all of it.</summary>
    /// <param name="factorName">The factor's name behind the module's.</param>
    /// <returns>The part, or null.</returns>
    public virtual FactorPart? StoredPart(string factorName) => null;

    /// <summary>The layer's output with the block.</summary>
    /// <param name="input">The layer's input, borrowed.</param>
    /// <returns>The output, in the caller's dispose scope.</returns>
    protected virtual Tensor Output(Tensor input) => BaseLayer.call(input) + Delta(input);

    /// <summary>The update for one input, shortcuts included.</summary>
    /// <param name="input">The layer's input, borrowed.</param>
    /// <returns>New tensor like the layer's output, owned by the caller.</returns>
    protected abstract Tensor Delta(Tensor input);

    /// <summary>The update for inputs that were observed, as the unmerged model made it.</summary>
    /// <param name="input">x_n, borrowed.</param>
    /// <param name="low">What <see cref="IActivationObserver.Observe"/> told of the same tokens, borrowed.</param>
    /// <returns>The update, in the caller's dispose scope.</returns>
    internal abstract Tensor ObservedDelta(Tensor input, Tensor? low);

    /// <summary>By how much the layer's output changes where the update is <paramref name="delta"/>: by the update itself, if nothing
    /// else.</summary>
    /// <param name="input">x_n, borrowed.</param>
    /// <param name="delta">The update, borrowed.</param>
    /// <returns>The change, in the caller's dispose scope.</returns>
    internal virtual Tensor Change(Tensor input, Tensor delta) => delta;

    /// <summary>What the low-rank half makes of rows, for calibration: A_n x_n.</summary>
    /// <param name="rows">[N, Din] in any dtype, borrowed.</param>
    /// <returns>[N, LowWidth], in the caller's dispose scope.</returns>
    internal abstract Tensor OwnLow(Tensor rows);

    /// <summary>The exact merge: the block's own update, and under the block shortcut those of the blocks that it reads.</summary>
    internal abstract MergedUpdate MergeExactly();

    /// <summary>The merge W*_n = W_n + (1 + α) ΔW_n.</summary>
    internal abstract MergedUpdate MergeScaled(double alpha);

    /// <summary>
    /// The merge by least squares with the C, S and ridge of <see cref="ResLoraMath.MergeLeastSquares"/>; without them where there is
    /// nothing to fit, at the head of a chain.
    /// </summary>
    internal abstract MergedUpdate MergeLeastSquares((Tensor Cross, Tensor Moment, double Ridge)? fit);

    /// <summary>The middle shortcut's merge by weights.</summary>
    internal virtual MergedUpdate MergeMiddleDown(IReadOnlyList<double> alphas) =>
        throw new InvalidOperationException($"'{ModuleName}' has no middle shortcut.");

    /// <summary>Makes a tensor one of the block's factors.</summary>
    /// <param name="name">Its name in PEFT's files behind the module's, such as <c>lora_A.weight</c>.</param>
    /// <param name="initial">The first value, float32; becomes the factor's.</param>
    /// <returns>The factor, owned by the block.</returns>
    protected Parameter AddFactor(string name, Tensor initial)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(initial);
        var factor = new Parameter(initial.to(Site.FactorDevice));
        factor.DetachFromDisposeScope();
        const string weight = ".weight";
        register_parameter(name.EndsWith(weight, StringComparison.Ordinal) ? name[..^weight.Length] : name, factor);
        _factors.Add(KeyValuePair.Create(name, factor));
        return factor;
    }

    /// <summary>The trained parameters under their names in the model.</summary>
    internal IEnumerable<KeyValuePair<string, Parameter>> OwnParameters() =>
        _factors.Select(factor => KeyValuePair.Create($"{ModuleName}.{factor.Key}", factor.Value));
}
