using System.Diagnostics;
using ResLora.Adapters;
using ResLora.Formats.Files;
using ResLora.Training.Data;
using ResLora.Training.Evaluation;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>The state of one run and its loop.</summary>
internal sealed class TrainingRun : IDisposable
{
    public const string LossName = "eval_loss";
    public const string PerplexityName = "eval_perplexity";

    private readonly TrainSetup _setup;
    private readonly IProgress<RunEvent>? _progress;
    private readonly DataOrder _order;
    private readonly LearningRateSchedule _schedule;
    private readonly AdamW _optimizer;
    private readonly TrainStep _trainStep;
    private readonly BestMetric _best;
    private readonly List<double> _losses = [];
    private IReadOnlyDictionary<string, double> _lastMetrics = new Dictionary<string, double>();
    private int _evaluatedStep;
    private bool _stoppedEarly;
    private MetricsLog? _log;

    public TrainingRun(TrainSetup setup, IReadOnlyList<TokenizedSample> samples, IProgress<RunEvent>? progress)
    {
        (_setup, _progress) = (setup, progress);
        _order = new DataOrder([.. samples.Select(s => s.Ids.Length)], setup.Config);
        _schedule = new LearningRateSchedule(setup.Config, _order.TotalSteps);
        _optimizer = new AdamW(setup.Trainable, setup.Config);
        _trainStep = new TrainStep(setup, samples, _optimizer);
        _best = new BestMetric(setup.Config.BestMetric);
    }

    private TrainConfig Config => _setup.Config;

    /// <summary>How many steps are done.</summary>
    private int Step => _losses.Count;

    private bool CanEvaluate => _setup.Validation.Count > 0 || _setup.ExtraMetrics is not null;

    public TrainResult Execute(bool resume, CancellationToken stop)
    {
        random.manual_seed(Config.Seed);
        _log = new MetricsLog(_setup.RunFolder, Step);
        _setup.Model.train();
        _setup.Model.RunLayer = Config.GradientCheckpointing ? ActivationCheckpoint.Run : null;
        var interrupted = !Loop(stop);
        SaveModel("last");
        return new TrainResult(
            Step, Step > 0 ? _losses[^1] : double.NaN, _best.Value, _best.Step, interrupted, [.. _losses.Select((loss, i) => (i + 1, loss))])
        {
            StoppedEarly = _stoppedEarly,
            LastMetrics = _lastMetrics,
        };
    }

    public void Dispose()
    {
        _optimizer.ZeroGradients();
        _optimizer.Dispose();
        _log?.Dispose();
    }

    private bool Loop(CancellationToken stop)
    {
        var (clock, before) = (Stopwatch.StartNew(), Step);
        while (Step < _order.TotalSteps && !_stoppedEarly)
        {
            if (stop.IsCancellationRequested)
            {
                return false;
            }

            TrainOneStep(clock, before);
            if (Config.EvaluateEvery > 0 && Step % Config.EvaluateEvery == 0)
            {
                Evaluate(stop);
            }
        }

        if (_evaluatedStep < Step)
        {
            Evaluate(stop);
        }

        return true;
    }

    private void TrainOneStep(Stopwatch clock, int before)
    {
        var start = Stopwatch.GetTimestamp();
        var learningRate = _schedule.At(Step);
        var outcome = _trainStep.Run(Step + 1, _order.MicroBatches(Step), learningRate);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _losses.Add(outcome.Loss);
        _log!.Write(Step, new Dictionary<string, double>
        {
            ["loss"] = outcome.Loss,
            ["learning_rate"] = learningRate,
            ["gradient_norm"] = outcome.GradientNorm,
            ["tokens"] = outcome.Tokens,
            ["seconds"] = seconds,
        });
        var remaining = clock.Elapsed / (Step - before) * (_order.TotalSteps - Step);
        _progress?.Report(new StepDone(
            Step, _order.TotalSteps, outcome.Loss, learningRate, outcome.Tokens / seconds, outcome.GradientNorm, remaining));
    }

    private void Evaluate(CancellationToken stop)
    {
        if (!CanEvaluate)
        {
            return;
        }

        var metrics = new Dictionary<string, double>();
        using (new EvaluationMode(_setup.Model))
        {
            if (_setup.Validation.Count > 0)
            {
                var loss = Perplexity.Measure(_setup.Model, _setup.Validation, _setup.PadId, Config.BatchSize, stop);
                (metrics[LossName], metrics[PerplexityName]) = (loss.Loss, loss.Perplexity);
            }

            foreach (var (name, value) in _setup.ExtraMetrics?.Invoke() ?? metrics)
            {
                metrics[name] = value;
            }
        }

        (_lastMetrics, _evaluatedStep) = (metrics, Step);
        _log!.Write(Step, metrics);
        var isBest = _best.Offer(Step, metrics);
        if (isBest)
        {
            SaveModel("best");
        }

        _progress?.Report(new EvaluationDone(Step, metrics, isBest));
        if (Config.Patience > 0 && _best.EvaluationsSince >= Config.Patience && Step < _order.TotalSteps)
        {
            _stoppedEarly = true;
            _progress?.Report(new EarlyStopped(
                Step, $"{Config.BestMetric} has not become better than {_best.Value:G6} (step {_best.Step}) in {_best.EvaluationsSince} evaluations."));
        }
    }

    private void SaveModel(string name) =>
        AtomicFolder.Write(Path.Combine(_setup.RunFolder, name), _setup.SaveModel, overwrite: true);
}
