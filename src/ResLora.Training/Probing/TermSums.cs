using ResLora.Adapters;
using static TorchSharp.torch;

namespace ResLora.Training.Probing;

/// <summary>Sums of gradients by block, those of own terms and those of shortcuts apart; in the dispose scope that is open.</summary>
internal sealed class TermSums
{
    private readonly Dictionary<AdapterBlock, Tensor> _own = [];
    private readonly Dictionary<AdapterBlock, Tensor> _shortcut = [];

    /// <summary>Adds a term.</summary>
    /// <param name="block">Whose gradient it is part of.</param>
    /// <param name="isOwn">Whether it is the block's own term.</param>
    /// <param name="term">The term.</param>
    public void Add(AdapterBlock block, bool isOwn, Tensor term)
    {
        var sums = isOwn ? _own : _shortcut;
        sums[block] = sums.TryGetValue(block, out var sum) ? sum + term : term;
    }

    /// <summary>What own terms gave.</summary>
    public Tensor Own(AdapterBlock block) => _own[block];

    /// <summary>What shortcuts gave; null for nothing.</summary>
    public Tensor? Shortcut(AdapterBlock block) => _shortcut.GetValueOrDefault(block);

    /// <summary>Both together.</summary>
    public Tensor Whole(AdapterBlock block) => Shortcut(block) is { } shortcut ? Own(block) + shortcut : Own(block);
}
