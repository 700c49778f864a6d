using ResLora.Adapters.Layers;
using static TorchSharp.torch;

namespace ResLora.Adapters.Merging;

/// <summary>Gathers the moments of some groups while batches run; padding is left out.</summary>
/// <param name="moments">The moments of each wanted block; blocks of one group share one object.</param>
/// <param name="targets">What B_n saw in the unmerged model, batch by batch, where the model that runs is merged in part; null where it is
/// unmerged.</param>
internal sealed class MomentObserver(
    IReadOnlyDictionary<AdapterBlock, Moments> moments, TargetObserver? targets = null) : IActivationObserver
{
    private readonly Dictionary<Moments, Tensor> _inputs = [];
    private readonly HashSet<AdapterBlock> _seen = [];
    private Tensor? _tokenMask;
    private int _batch = -1;

    /// <summary>Whether every wanted block has been seen in this batch's pass.</summary>
    public bool IsDone => _seen.Count == moments.Count;

    /// <summary>A batch is about to run, and nothing of it has been seen.</summary>
    public void BeginBatch() => _seen.Clear();

    public void BeginPass(Tensor? tokenMask)
    {
        (_tokenMask, _batch) = (tokenMask, _batch + 1);
        _seen.Clear();
        EndPass();
    }

    /// <summary>Lets go of the last pass's inputs; also when it ended early.</summary>
    public void EndPass()
    {
        foreach (var input in _inputs.Values)
        {
            input.Dispose();
        }

        _inputs.Clear();
    }

    public void Observe(AdapterBlock block, Tensor input, Tensor? low)
    {
        if (!moments.TryGetValue(block, out var gathered))
        {
            return;
        }

        _seen.Add(block);
        using var scope = NewDisposeScope();
        if (!_inputs.TryGetValue(gathered, out var x))
        {
            _inputs[gathered] = x = TokenRows.Of(input, _tokenMask).to(float64).DetachFromDisposeScope();   // [B, T, Din] -> [N, Din]
            gathered.AddInputs(x);
        }

        var target = targets?.Get(block, _batch) ?? TokenRows.Of(low!, _tokenMask);   // [N, R]
        gathered.Add(block, x, target.to(float64));
    }
}
