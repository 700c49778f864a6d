using ResLora.Models.Blocks;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.UNet;

/// <summary>The widths of a transformer.</summary>
/// <param name="Width">D.</param>
/// <param name="Text">The width of the hidden states of texts.</param>
/// <param name="Heads">H.</param>
/// <param name="Layers">Its layers.</param>
internal sealed record UNetTransformerShape(long Width, long Text, int Heads, int Layers)
{
    /// <summary>The transformers of a block on the way down, and of the one opposite of it.</summary>
    public static UNetTransformerShape Of(UNetConfig config, int block) =>
        new(config.Channels[block], config.TextWidth.Of(block), config.Heads.Of(block), config.TransformerLayers.Of(block));
}

/// <summary>One layer: attention to the picture, to the text, and an MLP, each with a norm before it.</summary>
internal sealed class UNetTransformerLayer : Module
{
    private const double Epsilon = 1e-5;

    [ComponentName(Name = "norm1")] private readonly LayerNormalization _norm1;
    [ComponentName(Name = "attn1")] private readonly UNetAttention _picture;
    [ComponentName(Name = "norm2")] private readonly LayerNormalization _norm2;
    [ComponentName(Name = "attn2")] private readonly UNetAttention _text;
    [ComponentName(Name = "norm3")] private readonly LayerNormalization _norm3;
    [ComponentName(Name = "ff")] private readonly UNetFeedForward _feedForward;

    public UNetTransformerLayer(UNetTransformerShape shape, bool widens) : base(nameof(UNetTransformerLayer))
    {
        _norm1 = new LayerNormalization(shape.Width, Epsilon);
        _picture = new UNetAttention(shape.Width, shape.Width, shape.Heads, widens);
        _norm2 = new LayerNormalization(shape.Width, Epsilon);
        _text = new UNetAttention(shape.Width, shape.Text, shape.Heads, widens);
        _norm3 = new LayerNormalization(shape.Width, Epsilon);
        _feedForward = new UNetFeedForward(shape.Width);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, Tensor text)   // [B, T, D], [B, S, Dt] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        var normed = _norm1.call(x);
        var seen = _picture.Forward(normed, normed) + x;
        var told = _text.Forward(_norm2.call(seen), text) + seen;
        return (_feedForward.Forward(_norm3.call(told)) + told).MoveToOuterDisposeScope();
    }
}

/// <summary>Transformer layers over the pixels of a picture; what they make of it is added to it.</summary>
internal sealed class UNetTransformer : Module
{
    private const double Epsilon = 1e-6;

    private readonly bool _isLinear;
    [ComponentName(Name = "norm")] private readonly GroupNormalization _norm;
    [ComponentName(Name = "proj_in")] private readonly Module<Tensor, Tensor> _entry;
    [ComponentName(Name = "transformer_blocks")] private readonly ModuleList<UNetTransformerLayer> _layers;
    [ComponentName(Name = "proj_out")] private readonly Module<Tensor, Tensor> _exit;

    public UNetTransformer(UNetConfig config, UNetTransformerShape shape) : base(nameof(UNetTransformer))
    {
        _isLinear = config.UsesLinearProjection;
        _norm = new GroupNormalization(shape.Width, config.NormGroups, Epsilon);
        _entry = Projection(shape.Width);
        _layers = new ModuleList<UNetTransformerLayer>(
            [.. Enumerable.Range(0, shape.Layers).Select(_ => new UNetTransformerLayer(shape, config.WidensAttention))]);
        _exit = Projection(shape.Width);
        RegisterComponents();
    }

    public Tensor Forward(Tensor x, Tensor text)   // [B, D, Y, X], [B, S, Dt] -> [B, D, Y, X]
    {
        using var scope = NewDisposeScope();
        var normed = _norm.call(x);
        var tokens = _isLinear ? _entry.call(Tokens(normed)) : Tokens(_entry.call(normed));   // [B, D, Y, X] -> [B, T, D]
        foreach (var layer in _layers)
        {
            tokens = layer.Forward(tokens, text);
        }

        var picture = _isLinear ? Picture(_exit.call(tokens), x) : _exit.call(Picture(tokens, x));   // [B, T, D] -> [B, D, Y, X]
        return (picture + x).MoveToOuterDisposeScope();
    }

    private static Tensor Tokens(Tensor picture) => picture.flatten(2).transpose(1, 2).contiguous();   // [B, D, Y, X] -> [B, T, D]

    private static Tensor Picture(Tensor tokens, Tensor like) => tokens.transpose(1, 2).contiguous().view(like.shape);   // the way back

    private Module<Tensor, Tensor> Projection(long width) =>
        _isLinear ? Slots.Linear(width, width, bias: true) : Slots.Convolution(width, width, kernel: 1);
}
