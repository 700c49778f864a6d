using TorchSharp.Modules;

namespace ResLora.Adapters.Merging;

/// <summary>Plain layers with merged weights in a model, until disposed: then the adapter's blocks are back in their places.</summary>
internal sealed class AppliedMerge : IDisposable
{
    private readonly AdaptedModel _adapted;
    private readonly List<Parameter> _own = [];

    public AppliedMerge(AdaptedModel adapted, MergedAdapter merged)
    {
        _adapted = adapted;
        foreach (var block in merged.Blocks)
        {
            var (layer, own) = block.Update.PlainLayer();
            ModuleSlot.Replace(adapted.Model, block.ModuleName, layer);
            _own.AddRange(own);
        }
    }

    public void Dispose()
    {
        _adapted.Restore();
        foreach (var parameter in _own)
        {
            // What was merged alone: other biases are the base layer's.
            parameter.Dispose();
        }

        _own.Clear();
    }
}
