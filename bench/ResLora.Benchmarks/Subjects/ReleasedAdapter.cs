using ResLora.Adapters;
using ResLora.Adapters.Methods.Lora;

namespace ResLora.Benchmarks.Subjects;

/// <summary>
/// Puts <see cref="ReleasedLinear"/> in the places of an adapter's blocks, until disposed. The factors stay the adapter's.
/// </summary>
internal sealed class ReleasedAdapter : IDisposable
{
    private readonly AdaptedModel _adapted;
    private readonly List<ReleasedLinear> _layers = [];

    /// <param name="adapted">The adapted model; borrowed.</param>
    public ReleasedAdapter(AdaptedModel adapted)
    {
        _adapted = adapted;
        var byBlock = new Dictionary<LoraBlock, ReleasedLinear>();
        foreach (var block in adapted.Blocks.Cast<LoraBlock>())
        {
            var previous = block.Previous.Select(p => byBlock[(LoraBlock)p]).ToArray();
            var layer = new ReleasedLinear(block, previous);
            ModuleSlot.Replace(adapted.Model, block.ModuleName, layer);
            byBlock[block] = layer;
            _layers.Add(layer);
        }
    }

    /// <summary>Puts the blocks back.</summary>
    public void Dispose()
    {
        _adapted.Restore();
        _layers.ForEach(layer => layer.Forget());
    }
}
