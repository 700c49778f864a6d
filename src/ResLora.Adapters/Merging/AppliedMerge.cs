using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Adapters.Merging;

/// <summary>Plain layers with merged weights in a model, until disposed: then the adapter's blocks are back in their places.</summary>
internal sealed class AppliedMerge : IDisposable
{
    private readonly AdaptedModel _adapted;
    private readonly List<Linear> _layers = [];

    public AppliedMerge(AdaptedModel adapted, MergedAdapter merged)
    {
        _adapted = adapted;
        foreach (var block in merged.Blocks)
        {
            var baseLayer = adapted[block.ModuleName].BaseLayer;
            var layer = nn.Linear(baseLayer.weight!.shape[1], baseLayer.weight.shape[0], hasBias: baseLayer.bias is not null, device: META);
            layer.weight = new Parameter(merged.MergedWeight(block), requires_grad: false);
            layer.weight.DetachFromDisposeScope();
            if (baseLayer.bias is not null)
            {
                layer.bias = baseLayer.bias;
            }

            ModuleSlot.Replace(adapted.Model, block.ModuleName, layer);
            _layers.Add(layer);
        }
    }

    public void Dispose()
    {
        _adapted.Restore();
        foreach (var layer in _layers)
        {
            // Only the merged weight: the bias is the base layer's own.
            layer.weight!.Dispose();
        }

        _layers.Clear();
    }
}
