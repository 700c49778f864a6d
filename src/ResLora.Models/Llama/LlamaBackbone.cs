using ResLora.Models.Blocks;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ResLora.Models.Llama;

/// <summary>Everything but the head: what checkpoints name <c>model.…</c>.</summary>
internal sealed class LlamaBackbone : nn.Module
{
    public LlamaBackbone(LlamaConfig config) : base(nameof(LlamaBackbone))
    {
        Embedding = Slots.Embedding(config.VocabularySize, config.HiddenSize);
        Layers = new ModuleList<LlamaLayer>([.. Enumerable.Range(0, config.LayerCount).Select(i => new LlamaLayer(config, i))]);
        Norm = new RmsNorm(config.HiddenSize, config.NormEpsilon);
        RegisterComponents();
    }

    [field: ComponentName(Name = "embed_tokens")]
    public nn.Module<Tensor, Tensor> Embedding { get; }

    /// <summary>The embedding's rows [V, D], without a block's change.</summary>
    public Parameter Rows => LookupTable.In(Embedding).Weight;

    [field: ComponentName(Name = "layers")]
    public ModuleList<LlamaLayer> Layers { get; }

    [field: ComponentName(Name = "norm")]
    public RmsNorm Norm { get; }
}
