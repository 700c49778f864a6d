using ResLora.Models.Blocks;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Vit;

/// <summary>The layers: what checkpoints name <c>encoder.layer.…</c>.</summary>
internal sealed class VitEncoder : Module
{
    public VitEncoder(VitConfig config) : base(nameof(VitEncoder))
    {
        Layers = new ModuleList<VitLayer>([.. Enumerable.Range(0, config.LayerCount).Select(_ => new VitLayer(config))]);
        RegisterComponents();
    }

    [field: ComponentName(Name = "layer")]
    public ModuleList<VitLayer> Layers { get; }
}

/// <summary>Everything but the head: what checkpoints name <c>vit.…</c>.</summary>
internal sealed class VitBackbone : Module
{
    public VitBackbone(VitConfig config) : base(nameof(VitBackbone))
    {
        Embeddings = new VitEmbeddings(config);
        Encoder = new VitEncoder(config);
        Norm = new LayerNormalization(config.HiddenSize, config.NormEpsilon);
        RegisterComponents();
    }

    [field: ComponentName(Name = "embeddings")]
    public VitEmbeddings Embeddings { get; }

    [field: ComponentName(Name = "encoder")]
    public VitEncoder Encoder { get; }

    [field: ComponentName(Name = "layernorm")]
    public LayerNormalization Norm { get; }
}
