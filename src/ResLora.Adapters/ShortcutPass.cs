using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// What the shortcuts of one forward pass carry from layer to layer: x_n (input) or A_n x_n (middle). A pass is open on one
/// thread between its opening and its disposal; several may be alive on several threads, and nothing outlives its pass.
/// </summary>
public sealed class ShortcutPass : IDisposable
{
    [ThreadStatic]
    private static ShortcutPass? _current;

    private readonly ShortcutPass? _outer;
    private readonly Dictionary<AdapterBlock, Tensor> _carried = [];
    private readonly CalibrationStatistics? _statistics;
    private readonly Tensor? _tokenMask;

    private ShortcutPass(Tensor? tokenMask, CalibrationStatistics? statistics, IActivationObserver? observer)
    {
        (_tokenMask, _statistics, Observer, _outer) = (tokenMask, statistics, observer, _current);
        _current = this;
    }

    /// <summary>The pass that is open on this thread, or null.</summary>
    public static ShortcutPass? Current => _current;

    /// <summary>Opens a pass on this thread.</summary>
    /// <param name="tokenMask">[B, T], 1 for tokens and 0 for padding, which the statistics leave out; null counts everything. Borrowed for
    /// the pass.</param>
    /// <param name="statistics">Gets the norms of this pass's activations from blocks in training mode; null gathers none.</param>
    /// <param name="observer">Sees every block's activations; null for nobody.</param>
    /// <returns>The pass; disposing it ends it.</returns>
    public static ShortcutPass Open(
        Tensor? tokenMask = null, CalibrationStatistics? statistics = null, IActivationObserver? observer = null)
    {
        observer?.BeginPass(tokenMask);
        return new ShortcutPass(tokenMask, statistics, observer);
    }

    /// <summary>Ends the pass and lets go of everything that it carries.</summary>
    public void Dispose()
    {
        foreach (var tensor in _carried.Values)
        {
            tensor.Dispose();
        }

        _carried.Clear();
        if (ReferenceEquals(_current, this))
        {
            _current = _outer;
        }
    }

    internal static ShortcutPass Require(AdapterBlock block) => _current ?? throw new InvalidOperationException(
        $"'{block.ModuleName}' has a shortcut and needs an open ShortcutPass: wrap the forward pass in 'using var pass = adapted.BeginPass();'.");

    /// <summary>Who sees the blocks' activations, or null.</summary>
    internal IActivationObserver? Observer { get; }

    /// <summary>What is carried now, for a checkpointed segment that must see it as its inputs.</summary>
    internal IReadOnlyDictionary<AdapterBlock, Tensor> Carried => _carried;

    /// <summary>A pass for one checkpointed segment, which starts with what the surrounding pass carries.</summary>
    internal static ShortcutPass OpenSegment(
        ShortcutPass? surrounding, IReadOnlyList<AdapterBlock> blocks, IReadOnlyList<Tensor> tensors, bool recomputing)
    {
        var pass = new ShortcutPass(
            surrounding?._tokenMask, recomputing ? null : surrounding?._statistics, recomputing ? null : surrounding?.Observer);
        for (var i = 0; i < blocks.Count; i++)
        {
            pass.Carry(blocks[i], tensors[i]);
        }

        return pass;
    }

    /// <summary>Hands a block's tensor on to later blocks, and lets go of the one that no later block reads.</summary>
    internal void Carry(AdapterBlock block, Tensor tensor)
    {
        if (_carried.Remove(block, out var stale))
        {
            stale.Dispose();
        }

        if (block.IsRead)
        {
            _carried[block] = tensor.alias().DetachFromDisposeScope();
        }

        var m = block.Config.Shortcut.PreviousCount;
        if (m > 0 && block.Previous.Count == m && _carried.Remove(block.Previous[m - 1], out var unread))
        {
            unread.Dispose();
        }
    }

    /// <summary>
    /// What the previous blocks handed on, nearest first. The link is cut where the token shape changes (a UNet's levels,
    /// cross-attention): blocks from there back are not read.
    /// </summary>
    internal List<Tensor> Earlier(AdapterBlock block, Tensor like)
    {
        var earlier = new List<Tensor>();
        foreach (var previous in block.Previous)
        {
            if (!_carried.TryGetValue(previous, out var tensor) || !tensor.shape.AsSpan().SequenceEqual(like.shape))
            {
                break;
            }

            // An alias, so that a carried tensor that is let go of within the block stays readable for it.
            earlier.Add(tensor.alias());
        }

        return earlier;
    }

    /// <summary>What the input shortcut adds to a block's input; null for nothing. The input is handed on to the next block.</summary>
    internal Tensor? AddedInput(AdapterBlock block, Tensor input)
    {
        var previous = Earlier(block, input);
        Carry(block, input);
        Record(block, input, null);
        return previous.Count > 0 ? previous[0] : block.Config.Shortcut.FirstBlock == FirstBlock.Doubled ? input : null;
    }

    /// <summary>Notes the sizes of a block's activations, when this pass gathers statistics and the block is in training.</summary>
    internal void Record(AdapterBlock block, Tensor input, Tensor? low)
    {
        if (_statistics is not null && block is { training: true, GathersStatistics: true })
        {
            using var scope = NewDisposeScope();
            _statistics.Record(block.ModuleName, block.Site.Measured(input), low, block.Site.HasTokens ? _tokenMask : null);
        }
    }
}
