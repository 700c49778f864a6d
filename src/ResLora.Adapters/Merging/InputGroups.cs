using static TorchSharp.torch;

namespace ResLora.Adapters.Merging;

/// <summary>
/// Which blocks read one and the same input (q, k and v of a layer): they share a second moment. Found by running one batch. Groups stand
/// in the order of execution.
/// </summary>
internal sealed class InputGroups : IActivationObserver
{
    private readonly Dictionary<Tensor, int> _groupOf = new(ReferenceEqualityComparer.Instance);
    private readonly List<List<AdapterBlock>> _groups = [];
    private readonly HashSet<AdapterBlock> _known = [];

    private InputGroups()
    {
    }

    /// <summary>Runs a batch and looks.</summary>
    /// <param name="adapted">The adapted model.</param>
    /// <param name="batch">Any batch.</param>
    public static IReadOnlyList<IReadOnlyList<AdapterBlock>> Find(AdaptedModel adapted, CalibrationBatch batch)
    {
        var groups = new InputGroups();
        using (adapted.Observe(groups))
        {
            batch(() => false);
        }

        return groups._groups;
    }

    public void BeginPass(Tensor? tokenMask) => _groupOf.Clear();

    public void Observe(AdapterBlock block, Tensor input, Tensor? low)
    {
        if (!_known.Add(block))
        {
            return;   // a batch may take several passes
        }

        if (!_groupOf.TryGetValue(input, out var group))
        {
            _groupOf[input] = group = _groups.Count;
            _groups.Add([]);
        }

        _groups[group].Add(block);
    }
}
