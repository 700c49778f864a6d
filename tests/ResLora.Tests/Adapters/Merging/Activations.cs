using ResLora.Adapters;
using static ResLora.Tests.Adapters.BruteForce;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Merging;

/// <summary>Keeps what blocks see, as rows of doubles; knows of the shortcuts only what the paper says.</summary>
internal sealed class Activations(AdaptedModel adapted) : IActivationObserver
{
    private readonly Dictionary<string, List<double[]>> _inputs = [];
    private readonly Dictionary<string, List<double[]>> _lows = [];
    private Tensor? _mask;

    public void BeginPass(Tensor? tokenMask) => _mask = tokenMask;

    public void Observe(AdapterBlock block, Tensor input, Tensor? low)
    {
        Add(_inputs, block.ModuleName, input);
        if (low is not null)
        {
            Add(_lows, block.ModuleName, low);
        }
    }

    /// <summary>x_n, a row a token.</summary>
    public IReadOnlyList<double[]> Inputs(string module) => _inputs[module];

    /// <summary>What B_n sees, as the library hands it to observers.</summary>
    public IReadOnlyList<double[]> Lows(string module) => _lows[module];

    /// <summary>What B_n sees by equations 2 and 4, from all blocks' inputs and A's.</summary>
    public IReadOnlyList<double[]> Targets(string module) =>
        [.. Own(module).Zip(Rest(module), (own, rest) => BruteForce.Add(own, rest))];

    /// <summary>A_n x_n.</summary>
    public IReadOnlyList<double[]> Own(string module)
    {
        var a = Rows(adapted[module].A);
        return [.. Inputs(module).Select(x => Apply(a, x))];
    }

    /// <summary>r_n, what the shortcut adds to A_n x_n.</summary>
    public IReadOnlyList<double[]> Rest(string module)
    {
        var (chain, n) = Position(module);
        var shortcut = adapted.Config.Shortcut;
        var sum = Own(module).Select(row => new double[row.Length]).ToArray();
        if (shortcut.Kind == ShortcutKind.Input)
        {
            var a = Rows(adapted[module].A);
            var added = n > 0 ? Inputs(chain[n - 1]) : shortcut.FirstBlock == FirstBlock.Doubled ? Inputs(module) : [];
            return added.Count == 0 ? sum : [.. added.Select(x => Apply(a, x).Select(v => v * adapted.ShortcutWeight).ToArray())];
        }

        var reach = shortcut.PreviousCount == ShortcutConfig.AllPrevious ? n : Math.Min(n, shortcut.PreviousCount);
        for (var k = 1; k <= reach; k++)
        {
            sum = [.. sum.Zip(Own(chain[n - k]), (row, low) => BruteForce.Add(row, low, adapted.ShortcutWeight))];
        }

        return sum;
    }

    /// <summary>Whether a block is the first of its chain.</summary>
    public bool IsHead(string module) => Position(module).Index == 0;

    /// <summary>The rows of a batch's activations that are no padding.</summary>
    public static IEnumerable<double[]> Kept(Tensor activations, Tensor? mask)
    {
        var rows = Rows(activations);
        return mask is null ? rows : rows.Zip(mask.reshape(-1).data<long>().ToArray()).Where(r => r.Second != 0).Select(r => r.First);
    }

    private (IReadOnlyList<string> Chain, int Index) Position(string module)
    {
        var chain = adapted.Chains.Single(c => c.Blocks.Contains(module)).Blocks;
        return (chain, chain.ToList().IndexOf(module));
    }

    private void Add(Dictionary<string, List<double[]>> rows, string module, Tensor activations)
    {
        if (!rows.TryGetValue(module, out var list))
        {
            rows[module] = list = [];
        }

        list.AddRange(Kept(activations, _mask));
    }
}
