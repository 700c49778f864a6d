using System.Globalization;
using System.Text.Json.Nodes;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Formats.Peft;
using ResLora.Models.Blocks;
using ResLora.Models.Fused;
using ResLora.Models.Gguf;
using ResLora.Models.Memory;
using ResLora.Tensors.NativeRuntime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Models;

/// <summary>
/// What every network has, whatever goes in and comes out. It knows nothing of adapters: its layers are replaceable slots, and two hooks
/// let somebody else open what a forward pass needs and decide how a layer is run.
/// </summary>
/// <param name="name">The module's name.</param>
public abstract class Network(string name) : nn.Module(name), IExecutionOrder, IPeftNetwork
{
    private IReadOnlyList<string>? _order;

    /// <summary>The number of layers.</summary>
    public abstract int LayerCount { get; }

    /// <summary>The dtype of weights and activations.</summary>
    public abstract ScalarType DataType { get; }

    /// <summary>The device that the weights are on.</summary>
    public abstract Device Device { get; }

    /// <summary>What its head predicts; null for a network whose outputs are no task's, such as one that continues texts.</summary>
    public virtual ModelHead? Head => null;

    /// <summary>
    /// The modules that belong to the task and not to the base model: trained whole and saved with an adapter. Dotted names.
    /// </summary>
    public virtual IReadOnlyList<string> HeadModules => [];

    /// <summary>
    /// Modules that the checkpoint lacked, so that they were drawn from the seed: they know nothing before they are trained. Dotted names.
    /// </summary>
    public IReadOnlyList<string> NewModules { get; internal set; } = [];

    /// <summary>
    /// The layers that an adapter goes on where nobody names any: the projections of queries and values, as in the paper on LoRA. Last
    /// parts of names.
    /// </summary>
    public abstract IReadOnlyList<string> UsualTargets { get; }

    /// <summary>What <c>inspect</c> says of the network, in words; empty when its family says nothing.</summary>
    public virtual IReadOnlyList<KeyValuePair<string, string>> Facts => [];

    /// <summary>A size in <see cref="Facts"/>.</summary>
    /// <param name="size">The size.</param>
    /// <returns>Its digits.</returns>
    protected static string Text(int size) => size.ToString(CultureInfo.InvariantCulture);

    /// <summary>How its family's checkpoints differ from the network. Default: not at all.</summary>
    public virtual CheckpointLayout Checkpoint { get; } = new();

    /// <summary>
    /// Standard deviation of the normal distribution that weights are drawn from which a checkpoint lacks. Default 0.02.
    /// </summary>
    public virtual double InitializerRange => 0.02;

    /// <summary>
    /// Opened at the start of every forward pass with its token mask ([B, T] or null) and disposed at its end; null means
    /// nothing is to be opened. Shortcut adapters use it to give each pass a state of its own.
    /// </summary>
    public Func<Tensor?, IDisposable>? BeginForward { get; set; }

    /// <summary>
    /// Whether the kernels of ours (<see cref="FusedKernels"/>) are used in this network where they fit. Default true.
    /// </summary>
    public bool UsesFusedKernels
    {
        get;
        set
        {
            field = value;
            foreach (var part in modules().OfType<IFusedPart>())
            {
                part.UsesFusedKernels = value;
            }
        }
    } = true;

    /// <summary>
    /// Whether what leaves a layer has the shape of what enters it, so that a pass whose outcome nobody needs can leave layers out. Default
    /// true.
    /// </summary>
    public virtual bool LayersKeepShape => true;

    /// <summary>Runs the layers; null runs each directly. Activation checkpointing takes this place.</summary>
    public LayerRunner? RunLayer { get; set; }

    /// <summary>
    /// The dotted names of the layers that an adapter may go on, in the order in which a forward pass first reaches them: here the order
    /// in which they were registered. A network that runs them otherwise says so.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is asked for the first time while adapter blocks are on the network.</exception>
    /// <remarks>Kept from the first time on, since a layer that is replaced moves to the end of its parent's register.</remarks>
    public virtual IReadOnlyList<string> ExecutionOrder => _order ??= [.. Registered(this, "")];

    /// <inheritdoc cref="IExecutionOrder.RoleOf" />
    public virtual string RoleOf(string layer) => LayerRole.Usual(layer);

    /// <inheritdoc cref="IExecutionOrder.TokensOf" />
    public virtual long? TokensOf(string layer) => null;

    /// <summary>What training keeps of the network's passes.</summary>
    /// <param name="terms">How it is trained.</param>
    /// <returns>The account, or null when its family has none: plans say then that the memory is not known.</returns>
    public virtual MemoryAccount? Memory(TrainingTerms terms) => null;

    /// <summary>How the network is laid out in GGUF.</summary>
    /// <returns>The layout, or null for a family that such files do not hold.</returns>
    /// <exception cref="ConfigException">This network has something that llama.cpp lacks; all such things are named.</exception>
    public virtual IGgufExport? GgufExport() => null;

    /// <summary>Where the network's parameters are in GGUF files; null for a family that such files do not hold.</summary>
    public virtual IGgufNames? GgufNames => null;

    /// <summary>Whether PEFT has a task for such networks. Default true: it has some for texts.</summary>
    public virtual bool HasPeftTask => true;

    /// <summary>The name that PEFT's adapters have for a module or a parameter. Default: its own.</summary>
    /// <param name="name">Its own dotted name.</param>
    /// <returns>PEFT's name.</returns>
    public virtual string PeftName(string name) => name;

    /// <summary>The own name of a module or a parameter in one of PEFT's adapters. Default: the name itself.</summary>
    /// <param name="name">PEFT's dotted name, or the own.</param>
    /// <returns>The own name.</returns>
    public virtual string OwnName(string name) => name;

    /// <summary>Sets right what a configuration says of this network's head; everything else in it is left alone.</summary>
    /// <param name="config">The content of config.json, which is changed.</param>
    public virtual void Describe(JsonObject config)
    {
    }

    /// <summary>Begins a forward pass: .NET may collect now, and <see cref="BeginForward"/> opens what it opens.</summary>
    /// <param name="mask">[B, T] or null, borrowed.</param>
    /// <returns>To be disposed at the end of the pass; null for nothing.</returns>
    protected IDisposable? Begin(Tensor? mask)
    {
        CollectionPause.Between();
        return BeginForward?.Invoke(mask);
    }

    /// <summary>Runs layers one behind another, each by <see cref="RunLayer"/>.</summary>
    /// <param name="hidden">[B, T, D], what enters the first; disposed here.</param>
    /// <param name="mask">What each layer reads besides; null for nothing. Borrowed.</param>
    /// <param name="layers">The layers: from hidden states and mask, both borrowed, to new hidden states.</param>
    /// <returns>[B, T, D], what leaves the last; new, in the caller's dispose scope.</returns>
    private protected Tensor Through(Tensor hidden, Tensor? mask, IEnumerable<Func<Tensor, Tensor?, Tensor>> layers)
    {
        foreach (var layer in layers)
        {
            Tensor Layer(IReadOnlyList<Tensor> inputs) => layer(inputs[0], inputs.Count > 1 ? inputs[1] : null);
            Tensor[] inputs = mask is null ? [hidden] : [hidden, mask];
            var output = RunLayer is null ? Layer(inputs) : RunLayer(Layer, inputs);
            hidden.Dispose();
            hidden = output;
        }

        return hidden;
    }

    /// <summary>Says that a layer which the network did not have before runs behind all others.</summary>
    /// <param name="layer">Its dotted name; it is not registered yet.</param>
    protected void RunsLast(string layer) => _order = [.. ExecutionOrder, layer];

    private static IEnumerable<string> Registered(nn.Module parent, string prefix)
    {
        foreach (var (child, module) in parent.named_children())
        {
            if (child == "base_layer")
            {
                throw new InvalidOperationException($"'{prefix.TrimEnd('.')}' carries an adapter block; ask for the order before.");
            }

            if (module is Linear or Convolution or Embedding or LookupTable)
            {
                yield return prefix + child;
                continue;
            }

            foreach (var inner in Registered(module, $"{prefix}{child}."))
            {
                yield return inner;
            }
        }
    }
}
