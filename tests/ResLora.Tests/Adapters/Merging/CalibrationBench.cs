using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
using static ResLora.Tests.Adapters.BruteForce;
using static TorchSharp.torch;

namespace ResLora.Tests.Adapters.Merging;

/// <summary>A tiny adapted model with calibration texts, and what its blocks see on them, as rows of doubles.</summary>
internal sealed class CalibrationBench : IDisposable
{
    private readonly IReadOnlyList<(Tensor Ids, Tensor? Mask)> _texts;

    /// <param name="config">The adapter; every B is drawn.</param>
    /// <param name="weight">γ.</param>
    /// <param name="dtype">The base's dtype.</param>
    /// <param name="paddingId">Null: whole batches, no mask. Otherwise some rows end in padding of this token.</param>
    public CalibrationBench(AdapterConfig config, double weight = 1, ScalarType dtype = ScalarType.Float32, int? paddingId = null)
    {
        Model = TinyLlama.Create(dtype: dtype);
        Adapted = AdaptedModel.Inject(Model, config).WithRandomB();
        Adapted.ShortcutWeight = weight;
        Model.BeginForward = mask => Adapted.BeginPass(mask);
        (long Tokens, long Kept)[] sizes = [(9, 6), (7, 7), (8, 3)];
        _texts = [.. sizes.Select((size, i) => Text(size.Tokens, paddingId is null ? size.Tokens : size.Kept, paddingId, seed: 50 + i))];
        Batches = [.. _texts.Select(text => (CalibrationBatch)(_ => Forward(text)))];
    }

    public LlamaModel Model { get; }

    public AdaptedModel Adapted { get; }

    /// <summary>Three batches of two texts.</summary>
    public IReadOnlyList<CalibrationBatch> Batches { get; }

    public static AdapterConfig Config(ShortcutKind kind, int m = 1, FirstBlock first = FirstBlock.Doubled, params string[] targets) =>
        TinyAdapters.Config(kind, m, first: first) with { Targets = TargetModules.Suffixes(targets.Length > 0 ? targets : ["q_proj", "v_proj", "down_proj"]) };

    public MergedAdapter Merge(MergeSettings settings, IProgress<CalibrationProgress>? progress = null) =>
        Merger.Merge(Adapted, settings, Batches, progress);

    /// <summary>Gives the paper's merges the statistics that they need, from the calibration texts.</summary>
    public void GatherStatistics()
    {
        Model.train();
        using (no_grad())
        {
            _texts.ToList().ForEach(text => Forward(text));
        }

        Model.eval();
    }

    /// <summary>What every block sees on all texts, padding left out.</summary>
    public Activations Capture()
    {
        var seen = new Activations(Adapted);
        using var observing = Adapted.Observe(seen);
        _texts.ToList().ForEach(text => Forward(text));
        return seen;
    }

    /// <summary>The hidden states after the last norm of all tokens that are no padding.</summary>
    public double[][] Hidden() => [.. _texts.SelectMany(text =>
    {
        using var noGradient = no_grad();
        using var hidden = Model.Hidden(text.Ids, text.Mask);
        return Activations.Kept(hidden, text.Mask);
    })];

    /// <summary>All numbers of the base model's weights.</summary>
    public float[] BaseWeights()
    {
        Adapted.Remove();
        float[] numbers = [.. Model.parameters().SelectMany(p => p.to(float32).data<float>().ToArray())];
        Adapted.Restore();
        return numbers;
    }

    public void Dispose()
    {
        foreach (var text in _texts)
        {
            text.Ids.Dispose();
            text.Mask?.Dispose();
        }

        Model.Dispose();
    }

    private void Forward((Tensor Ids, Tensor? Mask) text)
    {
        using var noGradient = no_grad();
        Model.Hidden(text.Ids, text.Mask).Dispose();
    }

    private static (Tensor, Tensor?) Text(long tokens, long kept, int? paddingId, long seed)
    {
        var ids = TinyLlama.Ids(2, tokens, seed);
        if (paddingId is not { } id)
        {
            return (ids, null);
        }

        // Of two texts the second is the shorter one.
        var mask = ones_like(ids);
        mask[1, TensorIndex.Slice(kept)] = 0;
        ids[1, TensorIndex.Slice(kept)] = id;
        return (ids, mask);
    }
}

/// <summary>Keeps what blocks see, as rows of doubles; knows of the shortcuts only what the paper says.</summary>
internal sealed class Activations(AdaptedModel adapted) : IActivationObserver
{
    private readonly Dictionary<string, List<double[]>> _inputs = [];
    private readonly Dictionary<string, List<double[]>> _lows = [];
    private Tensor? _mask;

    public void BeginPass(Tensor? tokenMask) => _mask = tokenMask;

    public void Observe(ResLoraLinear block, Tensor input, Tensor? low)
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
