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
        Embedding = new LookupTable(config.VocabularySize, config.HiddenSize);
        Layers = new ModuleList<LlamaLayer>([.. Enumerable.Range(0, config.LayerCount).Select(i => new LlamaLayer(config, i))]);
        Norm = new RmsNorm(config.HiddenSize, config.NormEpsilon);
        RegisterComponents();
    }

    [field: ComponentName(Name = "embed_tokens")]
    public LookupTable Embedding { get; }

    [field: ComponentName(Name = "layers")]
    public ModuleList<LlamaLayer> Layers { get; }

    [field: ComponentName(Name = "norm")]
    public RmsNorm Norm { get; }
}
