using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// A cut through an adapted model, between two of its layers, for processes that run the parts: what the shortcuts carry over it. The block
/// shortcut carries nothing; it reads weights.
/// </summary>
public sealed class ShortcutCut
{
    private readonly AdaptedModel _adapted;
    private readonly AdapterBlock[] _blocks;

    /// <summary>Finds the blocks before the cut that blocks behind it read.</summary>
    /// <param name="adapted">The adapted model, borrowed.</param>
    /// <param name="isBefore">Whether a layer, by its dotted name, runs before the cut.</param>
    public ShortcutCut(AdaptedModel adapted, Func<string, bool> isBefore)
    {
        ArgumentNullException.ThrowIfNull(adapted);
        ArgumentNullException.ThrowIfNull(isBefore);
        _adapted = adapted;
        var read = adapted.Blocks.Where(block => !isBefore(block.ModuleName)).SelectMany(block => block.Previous).ToHashSet();
        _blocks = adapted.Config.Shortcut.Traits.AddsActivations
            ? [.. adapted.Blocks.Where(block => isBefore(block.ModuleName) && read.Contains(block))]
            : [];
    }

    /// <summary>The blocks before the cut of which something goes over it while shortcuts have a weight.</summary>
    public IReadOnlyList<AdapterBlock> Carrying => _blocks;

    /// <summary>How many activations go over the cut in a pass; none once annealing has brought the shortcuts' weight to 0.</summary>
    public int Count => _adapted.ShortcutWeight > 0 ? _blocks.Length : 0;

    /// <summary>What a pass carries over the cut, once the last layer before it has run.</summary>
    /// <param name="pass">The pass, borrowed.</param>
    /// <returns>As many tensors as <see cref="Count"/> says, [B, T, Din] or [B, T, R], in a fixed order; new handles, owned by the
    /// caller.</returns>
    public IReadOnlyList<Tensor> Leaving(ShortcutPass pass)
    {
        ArgumentNullException.ThrowIfNull(pass);
        return [.. _blocks.Take(Count).Select(block => pass.Carried[block].alias())];
    }

    /// <summary>Gives a pass that begins behind the cut what was carried to it.</summary>
    /// <param name="pass">The pass, borrowed.</param>
    /// <param name="carried">What <see cref="Leaving"/> gave, borrowed.</param>
    public void Enter(ShortcutPass pass, IReadOnlyList<Tensor> carried)
    {
        ArgumentNullException.ThrowIfNull(pass);
        ArgumentNullException.ThrowIfNull(carried);
        foreach (var (block, tensor) in _blocks.Zip(carried))
        {
            pass.Carry(block, tensor);
        }
    }
}
