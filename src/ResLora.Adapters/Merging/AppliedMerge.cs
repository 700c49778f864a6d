using TorchSharp.Modules;

namespace ResLora.Adapters.Merging;

/// <summary>Plain layers with merged weights in a model, until disposed: then the adapter's blocks are back in their places.</summary>
internal sealed class AppliedMerge : IDisposable
{
    private readonly AdaptedModel _adapted;
    private readonly List<Parameter> _weights = [];

    public AppliedMerge(AdaptedModel adapted, MergedAdapter merged)
    {
        _adapted = adapted;
        foreach (var block in merged.Blocks)
        {
            var (layer, weight) = adapted[block.ModuleName].Site.WithWeight(merged.MergedWeight(block));
            ModuleSlot.Replace(adapted.Model, block.ModuleName, layer);
            _weights.Add(weight);
        }
    }

    public void Dispose()
    {
        _adapted.Restore();
        foreach (var weight in _weights)
        {
            // Only the merged weight: the bias is the base layer's own.
            weight.Dispose();
        }

        _weights.Clear();
    }
}
