using ResLora.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Layers;

/// <summary>
/// A layer of a model that carries a block: its weight, and the operation that it is. Methods are written once for all kinds of layers: W
/// is the matrix [Dout, Din] that the kind makes of its weight.
/// </summary>
public abstract class LayerSite
{
    /// <summary>Takes a layer.</summary>
    /// <param name="name">Its dotted name in the model.</param>
    /// <param name="layer">The layer, borrowed.</param>
    private protected LayerSite(string name, nn.Module<Tensor, Tensor> layer) => (Name, Layer) = (name, layer);

    /// <summary>The layer's dotted name in its model, such as <c>model.layers.0.self_attn.q_proj</c>.</summary>
    public string Name { get; }

    /// <summary>The layer, borrowed.</summary>
    public nn.Module<Tensor, Tensor> Layer { get; }

    /// <summary>What kind of layer it is, in words, such as <c>linear layer</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>The weight in the layer's own shape, borrowed.</summary>
    public abstract Tensor Weight { get; }

    /// <summary>The bias [Dout], borrowed; null where there is none.</summary>
    public abstract Tensor? Bias { get; }

    /// <summary>Dout, the rows of W.</summary>
    public abstract long OutFeatures { get; }

    /// <summary>Din, the columns of W.</summary>
    public abstract long InFeatures { get; }

    /// <summary>What must be equal for two layers to be neighbours in a chain, in words; empty where equal widths are enough.</summary>
    public virtual string Geometry => "";

    /// <summary>Why a shortcut has no meaning for layers of this kind, as a phrase; null where it has one.</summary>
    /// <param name="kind">The shortcut, not none.</param>
    /// <returns>The reason, or null.</returns>
    public virtual string? WhyNot(ShortcutKind kind) => null;

    /// <summary>PEFT's name of a factor A behind the module's.</summary>
    public virtual string NameOfA => "lora_A.weight";

    /// <summary>PEFT's name of a factor B behind the module's.</summary>
    public virtual string NameOfB => "lora_B.weight";

    /// <summary>Whether activations are [B, T, ...], so that a mask of tokens says what of them is padding.</summary>
    internal virtual bool HasTokens => false;

    /// <summary>The device that a new block's factors belong on.</summary>
    public Device FactorDevice => Weight.device.type == DeviceType.META ? CPU : Weight.device;

    /// <summary>Recognises the layers that can carry a block.</summary>
    /// <param name="name">The module's dotted name.</param>
    /// <param name="module">The module, borrowed.</param>
    /// <returns>The site; null for other modules.</returns>
    public static LayerSite? Of(string name, nn.Module module) => module switch
    {
        Linear linear => new LinearSite(name, linear),
        Convolution { transposed: false, kernel_size.Length: <= 2 } convolution => new ConvolutionSite(name, convolution),
        ILookupLayer or Embedding => new EmbeddingSite(name, (nn.Module<Tensor, Tensor>)module),
        _ => null,
    };

    /// <summary>The layer's operation with another weight and without its bias.</summary>
    /// <param name="input">The layer's input, borrowed.</param>
    /// <param name="weight">A weight in the layer's own shape, borrowed.</param>
    /// <returns>New tensor like the layer's output, owned by the caller.</returns>
    public abstract Tensor Product(Tensor input, Tensor weight);

    /// <summary>A x, the first half of the operation with a weight of low rank.</summary>
    /// <param name="input">The layer's input, borrowed.</param>
    /// <param name="a">A in the shape that <see cref="ShapeOfA"/> says, borrowed.</param>
    /// <returns>New tensor with R channels, owned by the caller.</returns>
    public abstract Tensor Down(Tensor input, Tensor a);

    /// <summary>B · low, the second half of it.</summary>
    /// <param name="low">What <see cref="Down"/> gave, borrowed.</param>
    /// <param name="b">B in the shape that <see cref="ShapeOfB"/> says, borrowed.</param>
    /// <returns>New tensor like the layer's output, owned by the caller.</returns>
    public abstract Tensor Up(Tensor low, Tensor b);

    /// <summary>The shape of a factor A of rank R.</summary>
    /// <param name="rank">R.</param>
    /// <returns>The shape; its first dimension is R.</returns>
    public abstract long[] ShapeOfA(long rank);

    /// <summary>The shape of a factor B of rank R.</summary>
    /// <param name="rank">R.</param>
    /// <returns>The shape; its first two dimensions are Dout and R.</returns>
    public abstract long[] ShapeOfB(long rank);

    /// <summary>The initial factors of LoRA for this kind of layer: one is drawn, the other 0.</summary>
    /// <param name="rank">R.</param>
    /// <param name="generator">The source of randomness.</param>
    /// <returns>New float32 tensors A and B on the processor, owned by the caller.</returns>
    public virtual (Tensor A, Tensor B) Initial(int rank, Generator generator)
    {
        var (a, b) = LoraMath.Initial(OutFeatures, InFeatures, rank, generator);
        return (a.reshape(ShapeOfA(rank)), b.reshape(ShapeOfB(rank)));
    }

    /// <summary>The matrix that a weight is.</summary>
    /// <param name="weight">A weight in the layer's own shape, borrowed.</param>
    /// <returns>A view [Dout, Din], owned by the caller.</returns>
    public abstract Tensor Matrix(Tensor weight);

    /// <summary>The weight that a matrix is.</summary>
    /// <param name="matrix">[Dout, Din], borrowed.</param>
    /// <returns>A view or new tensor in the layer's own shape, owned by the caller.</returns>
    public abstract Tensor OfMatrix(Tensor matrix);

    /// <summary>A number for every output, so that it multiplies the layer's output.</summary>
    /// <param name="values">[Dout], borrowed.</param>
    /// <returns>A view that spreads over an output, owned by the caller.</returns>
    public abstract Tensor PerOutput(Tensor values);

    /// <summary>Activations without what is padding: one row a token where the layer has tokens, else all of them.</summary>
    /// <param name="activations">The layer's input, or what <see cref="Down"/> makes of it; borrowed.</param>
    /// <param name="tokenMask">[B, T], 0 for padding; null when nothing is padding.</param>
    /// <returns>New tensor, owned by the caller.</returns>
    internal virtual Tensor Rows(Tensor activations, Tensor? tokenMask) => activations.alias();

    /// <summary>Numbers whose size stands for that of an input: the input itself, where it is no ids.</summary>
    /// <param name="input">The layer's input, borrowed.</param>
    /// <returns>The input or a new tensor, in the caller's dispose scope.</returns>
    internal virtual Tensor Measured(Tensor input) => input;

    /// <summary>A tensor as a frozen parameter that no dispose scope frees.</summary>
    /// <param name="value">The value; becomes the parameter's.</param>
    /// <returns>The parameter, owned by the caller.</returns>
    internal static Parameter Frozen(Tensor value)
    {
        var parameter = new Parameter(value, requires_grad: false);
        parameter.DetachFromDisposeScope();
        return parameter;
    }

    /// <summary>A plain, frozen layer of the same kind with another weight and the same bias.</summary>
    /// <param name="weight">The weight in the layer's own shape; becomes the new layer's.</param>
    /// <returns>The layer, owned by the caller, and its weight.</returns>
    public abstract (nn.Module<Tensor, Tensor> Layer, Parameter Weight) WithWeight(Tensor weight);
}
