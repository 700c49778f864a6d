using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Models.Llama;
using ResLora.Tests.Models;
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
        TinyAdapters.Config(kind, m, first: first) with
        {
            Targets = TargetModules.Suffixes(
                targets.Length > 0 ? targets : ["q_proj", "v_proj", "down_proj"])
        };

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
