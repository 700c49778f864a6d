using ResLora.Models.Blocks;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Clip;

/// <summary>What enters the first layer: token + position.</summary>
internal sealed class ClipTextEmbeddings : Module
{
    [ComponentName(Name = "position_embedding")] private readonly Module<Tensor, Tensor> _positions;

    public ClipTextEmbeddings(ClipTextConfig config) : base(nameof(ClipTextEmbeddings))
    {
        Tokens = Slots.Embedding(config.VocabularySize, config.HiddenSize);
        _positions = Slots.Embedding(config.PositionRows, config.HiddenSize);
        RegisterComponents();
    }

    [field: ComponentName(Name = "token_embedding")]
    public Module<Tensor, Tensor> Tokens { get; }

    /// <summary>The rows of tokens [V, D], without a block's change.</summary>
    public Parameter Rows => LookupTable.In(Tokens).Weight;

    public Tensor Forward(Tensor ids)   // [B, T] -> [B, T, D]
    {
        using var scope = NewDisposeScope();
        // Called in the order of their registration, which is the network's order of execution.
        var positions = _positions.call(arange(ids.shape[1], device: ids.device).unsqueeze(0));   // [1, T] -> [1, T, D]
        return (Tokens.call(ids) + positions).MoveToOuterDisposeScope();
    }
}

/// <summary>The layers: what checkpoints name <c>encoder.layers.…</c>.</summary>
internal sealed class ClipTextEncoder : Module
{
    public ClipTextEncoder(ClipTextConfig config) : base(nameof(ClipTextEncoder))
    {
        Layers = new ModuleList<ClipTextLayer>([.. Enumerable.Range(0, config.LayerCount).Select(_ => new ClipTextLayer(config))]);
        RegisterComponents();
    }

    [field: ComponentName(Name = "layers")]
    public ModuleList<ClipTextLayer> Layers { get; }
}

/// <summary>All of it: what checkpoints name <c>text_model.…</c>.</summary>
internal sealed class ClipTextBackbone : Module
{
    public ClipTextBackbone(ClipTextConfig config) : base(nameof(ClipTextBackbone))
    {
        Embeddings = new ClipTextEmbeddings(config);
        Encoder = new ClipTextEncoder(config);
        Norm = new LayerNormalization(config.HiddenSize, config.NormEpsilon);
        RegisterComponents();
    }

    [field: ComponentName(Name = "embeddings")]
    public ClipTextEmbeddings Embeddings { get; }

    [field: ComponentName(Name = "encoder")]
    public ClipTextEncoder Encoder { get; }

    [field: ComponentName(Name = "final_layer_norm")]
    public LayerNormalization Norm { get; }
}
