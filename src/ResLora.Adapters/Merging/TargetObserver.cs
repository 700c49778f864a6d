using ResLora.Adapters.Layers;
using static TorchSharp.torch;

namespace ResLora.Adapters.Merging;

/// <summary>
/// Keeps what every B_n sees in the unmerged model, [N, R] a batch and block: little beside the inputs, which are Din wide.
/// </summary>
internal sealed class TargetObserver : IActivationObserver, IDisposable
{
    private readonly Dictionary<AdapterBlock, List<Tensor>> _lows = [];
    private Tensor? _tokenMask;

    /// <summary>The bytes kept.</summary>
    public long Bytes => _lows.Values.Sum(list => list.Sum(low => low.numel() * sizeof(float)));

    /// <summary>What a block's B saw in a batch.</summary>
    /// <param name="block">The block.</param>
    /// <param name="batch">The batch, from 0.</param>
    /// <returns>[N, R] float32, borrowed.</returns>
    public Tensor Get(AdapterBlock block, int batch) => _lows[block][batch];

    public void BeginPass(Tensor? tokenMask) => _tokenMask = tokenMask;

    public void Observe(AdapterBlock block, Tensor input, Tensor? low)
    {
        using var scope = NewDisposeScope();
        if (!_lows.TryGetValue(block, out var list))
        {
            _lows[block] = list = [];
        }

        list.Add(TokenRows.Of(low!, _tokenMask).to(float32).clone().DetachFromDisposeScope());   // [B, T, R] -> [N, R]
    }

    public void Dispose()
    {
        foreach (var low in _lows.Values.SelectMany(list => list))
        {
            low.Dispose();
        }
    }
}
