using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace ResLora.Models.Bert;

/// <summary>The layers of an encoder: what checkpoints name <c>encoder.layer.…</c>.</summary>
internal sealed class BertEncoder : Module
{
    public BertEncoder(BertConfig config) : base(nameof(BertEncoder))
    {
        Layers = new ModuleList<BertLayer>([.. Enumerable.Range(0, config.LayerCount).Select(_ => new BertLayer(config))]);
        RegisterComponents();
    }

    [field: ComponentName(Name = "layer")]
    public ModuleList<BertLayer> Layers { get; }
}

/// <summary>Everything but the head: what checkpoints name <c>bert.…</c> or <c>roberta.…</c>.</summary>
internal sealed class BertBackbone : Module
{
    public BertBackbone(BertConfig config, bool withPooler) : base(nameof(BertBackbone))
    {
        Embeddings = new BertEmbeddings(config);
        Encoder = new BertEncoder(config);
        Pooler = withPooler ? new BertPooler(config) : null;
        RegisterComponents();
    }

    [field: ComponentName(Name = "embeddings")]
    public BertEmbeddings Embeddings { get; }

    [field: ComponentName(Name = "encoder")]
    public BertEncoder Encoder { get; }

    [field: ComponentName(Name = "pooler")]
    public BertPooler? Pooler { get; }
}
