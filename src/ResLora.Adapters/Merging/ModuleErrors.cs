using static TorchSharp.torch;

namespace ResLora.Adapters.Merging;

/// <summary>Measures, while the unmerged model computes, by how much each merged layer would have put out something else.</summary>
/// <param name="merged">The merged adapters to measure, of the model that computes.</param>
public sealed class ModuleErrors(IReadOnlyList<MergedAdapter> merged) : IActivationObserver
{
    private readonly Dictionary<string, MergedUpdate>[] _updates =
        [.. merged.Select(m => m.Blocks.ToDictionary(b => b.ModuleName, b => b.Update, StringComparer.Ordinal))];

    private readonly Dictionary<AdapterBlock, Sums> _sums = [];
    private Tensor? _tokenMask;

    /// <inheritdoc />
    public void BeginPass(Tensor? tokenMask) => _tokenMask = tokenMask;

    /// <inheritdoc />
    public void Observe(AdapterBlock block, Tensor input, Tensor? low)
    {
        ArgumentNullException.ThrowIfNull(block);
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var x = block.Site.Rows(input, _tokenMask);                                                             // [B, T, Din] -> [N, Din]
        var exact = block.Change(x, block.ObservedDelta(x, low is null ? null : block.Site.Rows(low, _tokenMask)));   // [N, Dout]
        if (!_sums.TryGetValue(block, out var sums))
        {
            _sums[block] = sums = new Sums(merged.Count);
        }

        sums.Update += Square(exact);
        sums.Output += Square(block.BaseLayer.call(x) + exact);
        for (var i = 0; i < merged.Count; i++)
        {
            sums.Errors[i] += Square(_updates[i][block.ModuleName].Change(x) - exact);
        }
    }

    /// <summary>What was measured of one of the merged adapters.</summary>
    /// <param name="index">Its index.</param>
    /// <returns>An error a layer, in the order in which they computed; empty when no shortcut was at work.</returns>
    public IReadOnlyList<ModuleError> Of(int index) =>
    [
        .. _sums.Select(pair => new ModuleError(
            pair.Key.ModuleName, Relative(
                pair.Value.Errors[index], pair.Value.Update), Relative(pair.Value.Errors[index], pair.Value.Output))),
    ];

    private static double Square(Tensor values) => values.to(float32).square().sum().item<float>();

    private static double Relative(double error, double whole) => error == 0 ? 0 : Math.Sqrt(error / whole);

    private sealed class Sums(int count)
    {
        public double Update { get; set; }

        public double Output { get; set; }

        public double[] Errors { get; } = new double[count];
    }
}
