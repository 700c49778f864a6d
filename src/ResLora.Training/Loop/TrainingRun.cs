using System.Diagnostics;
using ResLora.Adapters;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Tensors.NativeRuntime;
using ResLora.Training.Checkpoints;
using ResLora.Training.Distributed;
using ResLora.Training.Evaluation;
using ResLora.Training.Objectives;
using static TorchSharp.torch;

namespace ResLora.Training.Loop;

/// <summary>The state of one run and its loop.</summary>
internal sealed class TrainingRun : IDisposable
{
    private readonly TrainSetup _setup;
    private readonly IProgress<RunEvent>? _progress;
    private readonly IReadOnlyList<IExample> _samples;
    private readonly CollectionPause _pause;
    private readonly DataOrder _order;
    private LearningRateSchedule _schedule;
    private readonly AdamW _optimizer;
    private readonly RunRandom _random;
    private readonly MethodTraining? _method;
    private readonly WeightAverage? _average;
    private readonly PipelineStage? _stage;
    private readonly TrainStep _trainStep;
    private readonly BestEvaluation _best;
    private readonly RunOutput _output;
    private readonly IReadOnlyDictionary<string, string> _identity;
    private readonly List<double> _losses = [];
    private IReadOnlyDictionary<string, double> _lastMetrics = new Dictionary<string, double>();
    private int _evaluatedStep;
    private int _savedStep;
    private int _soundStep;
    private bool _stoppedEarly;

    public TrainingRun(TrainSetup setup, IReadOnlyList<IExample> samples, IProgress<RunEvent>? progress)
    {
        (_setup, _progress) = (setup, progress);
        _samples = samples;
        _order = new DataOrder([.. samples.Select(s => s.Size)], setup.Config);
        _schedule = new LearningRateSchedule(setup.Config, _order.TotalSteps);
        var adapter = setup.Adapter;
        _optimizer = new AdamW(setup.Trainable, setup.Config, name => setup.RateFactor(name) * (adapter?.RateFactor(name) ?? 1));
        WeightAverage.RequireFit(setup.Config, adapter);
        adapter?.Config.Kind.RequireTraining(adapter, _order.TotalSteps);
        _method = adapter?.Config.Kind.Training(adapter, _order.TotalSteps, setup.Config.Seed);
        _random = new RunRandom(Config.Seed, setup.Model.Device, isByPass: Ranks.Size > 1 || Config.Reduction == Reduction.Ordered);
        _pause = new CollectionPause(setup.Objective.ManagedRoom);
        _stage = PipelineStage.Of(setup);
        _trainStep = new TrainStep(setup, samples, _optimizer, _random, _method, _stage);
        _best = new BestEvaluation(setup.Config.BestMetric);
        _average = Config.Ema is { } decay ? new WeightAverage(setup.Trainable, decay) : null;
        _output = new RunOutput(setup with { SaveModel = SaveAveraged }, Tell);
        _identity = RunIdentity.Of(setup, _order.TotalSteps, _stage);
    }

    private TrainConfig Config => _setup.Config;

    private ICommunicator Ranks => _setup.Communicator;

    /// <summary>How many steps are done.</summary>
    private int Step => _losses.Count;

    private bool OutOfPatience => Config.Patience > 0 && _best.EvaluationsSince >= Config.Patience && Step < _order.TotalSteps;

    private bool IsAtPause => Step >= Config.PauseAt && Step < _order.TotalSteps;

    private bool CanEvaluate => _setup.Validation.Count > 0 || _setup.ExtraMetrics is not null;

    public TrainResult Execute(bool resume, CancellationToken stop)
    {
        RollCall.Require(Ranks, new Dictionary<string, string>(_identity) { ["the kind of device"] = $"{_setup.Model.Device.type}" });
        _output.Enter(resume);
        if (resume)
        {
            Resume();
        }

        var before = Step;
        _output.Begin(Step, _evaluatedStep);
        _setup.Model.train();
        _setup.Model.RunLayer = Config.GradientCheckpointing ? ActivationCheckpoint.Run : null;
        var interrupted = !Loop(stop);
        if (interrupted || Config.CheckpointEvery > 0)
        {
            SaveCheckpoint();
        }

        if (Step > 0)
        {
            SaveModel("last");
        }

        if (!interrupted && !CanEvaluate)
        {
            SaveModel("best");
            Tell("There is no held-out data, so that 'best' is the same as 'last'.");
        }

        _average?.Keep();
        return new TrainResult(
            Step, Step > 0 ? _losses[^1] : double.NaN, _best.Value, _best.Step, interrupted, [.. _losses.Select(
                (loss, i) => (i + 1, loss))])
        {
            StepsBefore = before,
            StoppedEarly = _stoppedEarly,
            LastMetrics = _lastMetrics,
        };
    }

    public void Dispose()
    {
        _trainStep.Dispose();
        _optimizer.ZeroGradients();
        _optimizer.Dispose();
        _random.Dispose();
        _method?.Dispose();
        _average?.Dispose();
        _pause.Dispose();
        _output.Dispose();
    }

    /// <summary>Goes on where the newest checkpoint stands; rank 0 reads it for all.</summary>
    private void Resume()
    {
        if (Ranks.Rank == 0)
        {
            var resumed = ResumeNewest();
            CheckpointSpread.Give(Ranks, resumed);
        }
        else
        {
            CheckpointSpread.Take(Ranks, checkpoint => ResumeFrom(checkpoint, []));
        }
    }

    /// <summary>Goes on where the newest checkpoint stands, or where the newest one stands that is not damaged.</summary>
    /// <returns>The checkpoint; null when there is none yet.</returns>
    private SavedCheckpoint? ResumeNewest()
    {
        var damages = new List<string>();
        foreach (var folder in _output.Checkpoints)
        {
            try
            {
                var checkpoint = CheckpointStore.Read(folder);
                ResumeFrom(checkpoint, damages);
                return checkpoint;
            }
            catch (FileFormatException error)
            {
                damages.Add(error.Message);
            }
        }

        if (damages.Count > 0)
        {
            throw new FileFormatException(
                $"No checkpoint in '{_setup.RunFolder}' can be used: {string.Join(" ", damages)} "
                + "Train into another folder, or delete the damaged checkpoints to start anew.");
        }

        Tell($"There is no checkpoint in '{_setup.RunFolder}' yet; training starts from the beginning.");
        return null;
    }

    private void ResumeFrom(SavedCheckpoint checkpoint, IReadOnlyList<string> damages)
    {
        RunIdentity.Require(_identity, checkpoint, _setup);
        var state = checkpoint.State;
        var losses = RunTensors.Restore(checkpoint.TensorsPath, _setup, _optimizer, _random, _method, _average, state.Step);
        _losses.AddRange(losses);
        _best.Restore(state.BestMetric, state.BestStep, state.EvaluationsSinceBest);
        (_evaluatedStep, _savedStep) = (state.EvaluatedStep, state.Step);
        _stoppedEarly = OutOfPatience;
        KeepWarmup(state);
        Anneal(Step - 1);   // an evaluation may be due before the next step
        foreach (var damage in damages)
        {
            Tell($"WARNING: {damage} The checkpoint before it is taken.");
        }

        if (state.IsOfEarlierVersion)
        {
            Tell(
                "The checkpoint is of an earlier version, which did not note its base model, tokenizer and starting adapter: "
                + "whether they are the same is not checked.");
        }

        Tell($"Training goes on from step {Step} ({checkpoint.Path}).");
    }

    /// <summary>A run that is made longer, at its constant rate, keeps the warm-up that it began with.</summary>
    private void KeepWarmup(TrainerState state)
    {
        var steps = state.TotalSteps;
        var warmup = state.WarmupSteps ?? new LearningRateSchedule(Config, steps).WarmupSteps;
        _schedule = new LearningRateSchedule(Config with { WarmupSteps = warmup }, _order.TotalSteps);
        if (steps != _order.TotalSteps)
        {
            Tell($"The run was to have {steps} steps and now has {_order.TotalSteps}.");
        }
    }

    private void Tell(string text) => _progress?.Report(new Note(Step, text));

    /// <summary>Returns false when the user stopped it before the end, or it has come to where it pauses.</summary>
    private bool Loop(CancellationToken stop)
    {
        var (clock, before) = (Stopwatch.StartNew(), Step);
        try
        {
            // A run that was stopped in the middle of an evaluation makes it first.
            EvaluateIfDue(stop);
            while (Step < _order.TotalSteps && !_stoppedEarly)
            {
                if (IsAtPause || Ranks.Any(stop.IsCancellationRequested))
                {
                    return false;
                }

                TrainOneStep(clock, before);
                Allocator.Trim();
                EvaluateIfDue(stop);
                if (Config.CheckpointEvery > 0 && Step % Config.CheckpointEvery == 0)
                {
                    SaveCheckpoint();
                }
            }

            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void TrainOneStep(Stopwatch clock, int before)
    {
        var start = Stopwatch.GetTimestamp();
        var learningRate = _schedule.At(Step);
        Anneal(Step);
        var batches = _order.MicroBatches(Step);
        Expect(Step + 1);
        var outcome = _trainStep.Run(Step + 1, batches, learningRate);
        _average?.Update(Step);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _losses.Add(outcome.Loss);
        Log(new Dictionary<string, double>
        {
            ["loss"] = outcome.Loss,
            ["learning_rate"] = learningRate,
            ["gradient_norm"] = outcome.GradientNorm,
            [_setup.Objective.SpeedUnit] = outcome.Count,
            ["seconds"] = seconds,
        }.Concat(ShortcutWeight()));
        var remaining = clock.Elapsed / (Step - before) * (_order.TotalSteps - Step);
        _progress?.Report(new StepDone(
            Step, _order.TotalSteps, outcome.Loss, learningRate, outcome.Count / seconds, outcome.GradientNorm, remaining)
        {
            SpeedUnit = _setup.Objective.SpeedUnit,
        });
    }

    private void Expect(int step)
    {
        if (step < _order.TotalSteps)
        {
            _setup.Objective.Expect([.. _order.MicroBatches(step).SelectMany(batch => batch).Select(index => _samples[index])]);
        }
    }

    /// <summary>Sets the weight that the shortcuts have in a step; what is evaluated and saved after it has that weight, too.</summary>
    private void Anneal(int step)
    {
        if (_setup.Adapter is { } adapter)
        {
            adapter.ShortcutWeight = adapter.Config.Shortcut.WeightAt(step, _order.TotalSteps);
        }
    }

    private Dictionary<string, double> ShortcutWeight() =>
        _setup.Adapter is { Config.Shortcut.Anneal: > 0 } adapter ? new() { ["shortcut_weight"] = adapter.ShortcutWeight } : [];

    private void EvaluateIfDue(CancellationToken stop)
    {
        var due = Step == _order.TotalSteps || Step == Config.PauseAt
            || (Config.EvaluateEvery > 0 && Step % Config.EvaluateEvery == 0);
        if (CanEvaluate && due && _evaluatedStep < Step)
        {
            Evaluate(stop);
        }
    }

    private void Evaluate(CancellationToken stop)
    {
        RequireFinite();
        var metrics = Agreement.Of(Ranks, () => Measured(stop), name => new TrainingFailedException(Step, name));
        (_lastMetrics, _evaluatedStep) = (metrics, Step);
        Log(metrics);
        var isBest = _best.Offer(Step, metrics);
        if (isBest)
        {
            SaveModel("best");
        }

        using (_average?.Use())
        {
            _progress?.Report(new EvaluationDone(Step, metrics, isBest));   // who hears of it may draw pictures
        }

        if (OutOfPatience)
        {
            _stoppedEarly = true;
            _progress?.Report(new EarlyStopped(
                Step, $"{Config.BestMetric} has not become better than {_best.Value:G6} (step {_best.Step}) in {_best.EvaluationsSince} evaluations."));
        }
    }

    private Dictionary<string, double> Measured(CancellationToken stop)
    {
        using var averaged = _average?.Use();
        using var mode = new EvaluationMode(_setup.Model);
        var metrics = new Dictionary<string, double>();
        if (_setup.Validation.Count > 0)
        {
            metrics = (_stage?.Measure(stop) ?? _setup.Objective.Measure(_setup.Validation, Config.BatchSize, stop)).ToDictionary();
            if (!double.IsFinite(metrics.GetValueOrDefault(Objective.LossMetric)))
            {
                throw new TrainingFailedException(Step, _stage?.FirstBadTensor() ?? BadTensor.BehindEvaluation(_setup));
            }
        }

        foreach (var (name, value) in _setup.ExtraMetrics?.Invoke() ?? metrics)
        {
            metrics[name] = value;
        }

        return metrics;
    }

    private void Log(IEnumerable<KeyValuePair<string, double>> metrics) => _output.Log(Step, metrics.ToDictionary());

    /// <summary>Nothing that is not a number is ever saved, nor evaluated: the last step may have made the first one.</summary>
    private void RequireFinite()
    {
        if (_soundStep < Step && BadTensor.InState(_setup, _optimizer) is { } name)
        {
            throw new TrainingFailedException(Step, name);
        }

        _soundStep = Step;
    }

    private void SaveCheckpoint()
    {
        if (_savedStep == Step)
        {
            return;
        }

        RequireFinite();
        using var scope = NewDisposeScope();
        var state = new TrainerState
        {
            Step = Step,
            Epoch = Step / _order.StepsPerEpoch,
            StepInEpoch = Step % _order.StepsPerEpoch,
            EvaluatedStep = _evaluatedStep,
            BestMetric = _best.Value,
            BestStep = _best.Step,
            EvaluationsSinceBest = _best.EvaluationsSince,
            WarmupSteps = _schedule.WarmupSteps,
            Identity = _identity,
        };
        var path = _output.SaveCheckpoint(state, () => RunTensors.Collect(_setup, _optimizer, _random, _method, _average, _losses));
        _savedStep = Step;
        if (path is not null)
        {
            _progress?.Report(new CheckpointSaved(Step, path));
        }
    }

    private void SaveModel(string name)
    {
        RequireFinite();
        _output.SaveModel(name);
    }

    private void SaveAveraged(string folder)
    {
        using var averaged = _average?.Use();
        _setup.SaveModel(folder);
    }
}
