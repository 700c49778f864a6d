using ResLora.Adapters;
using ResLora.Experiments.Inspection.Adapters;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Training.Loop;
using ResLora.Training.Probing;
using static TorchSharp.torch;

namespace ResLora.Experiments.Analyzing;

/// <summary>Measures a run at some of its steps, between two of them.</summary>
internal sealed class ProbeWatcher : IRunWatcher
{
    private readonly AdaptedModel _adapter;
    private readonly GradientProbe _probe;
    private readonly ProbeLog _log;
    private readonly int _count;
    private readonly int _samples;
    private readonly bool _goesOn;
    private readonly Dictionary<AdapterBlock, double> _weights;

    /// <param name="run">The run.</param>
    /// <param name="settings">At how many steps, on how many samples.</param>
    /// <exception cref="ConfigException">Its adapter cannot be measured, or no held-out sample has anything to predict.</exception>
    public ProbeWatcher(WatchedRun run, AnalyzeSettings settings)
    {
        _adapter = run.Session.Adapter!;
        var samples = run.Data.Validation.Where(sample => run.Objective.TargetsOf(sample) > 0).Take(settings.Samples).ToArray();
        _probe = samples.Length > 0
            ? new GradientProbe(_adapter, run.Objective, samples)
            : throw new ConfigException($"Every held-out sample has {run.Objective.NothingToLearn}; gradients need samples that have.");
        (_log, _count, _samples) = (ProbeLog.Open(run.Folder.Path), settings.Steps, samples.Length);
        _goesOn = Directory.Exists(run.Folder.Checkpoints) && Directory.EnumerateDirectories(run.Folder.Checkpoints).Any();
        _weights = _adapter.Blocks.ToDictionary(block => block, block => Norm(block.Site.Weight));
    }

    /// <summary>Which steps of a run are measured: evenly spread, the first before any step is made.</summary>
    /// <param name="total">All steps of the run.</param>
    /// <param name="count">How many are measured, 2 or more; all where there are fewer.</param>
    public static IReadOnlySet<int> StepsOf(int total, int count) =>
        Enumerable.Range(0, count).Select(i => (int)Math.Round((double)i * total / (count - 1))).ToHashSet();

    /// <inheritdoc />
    public void Begin(IProgress<RunEvent>? progress)
    {
        // A run that goes on from a checkpoint has the weights of that.
        if (!_goesOn)
        {
            MeasureOnce(0);
        }
    }

    /// <inheritdoc />
    public void Report(RunEvent value, IProgress<RunEvent>? progress)
    {
        if (value is StepDone done && StepsOf(done.TotalSteps, _count).Contains(done.Step))
        {
            MeasureOnce(done.Step);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }

    private void MeasureOnce(int step)
    {
        if (_log.Has(step))
        {
            return;
        }

        var result = _probe.Measure();
        var alphas = WeightAlphas.Of(_adapter);
        using var noGradient = no_grad();
        _log.Add(new StepFigures(step, _adapter.ShortcutWeight, result.Loss, [.. result.Blocks.Select(probe =>
        {
            var block = (LowRankBlock)_adapter[probe.Module];
            var health = BlockHealth.Of(new StoredPair(probe.Module, () => block.Pair.A.alias(), () => block.Pair.B.alias()));
            return new BlockFigures(
                probe,
                block.Scaling * health.Norm,
                _weights[block],
                health.EffectiveRank,
                alphas.TryGetValue(probe.Module, out var alpha) ? alpha : null);
        })])
        { Samples = _samples });
    }

    private static double Norm(Tensor weight)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return weight.to(float32).norm().item<float>();
    }
}
