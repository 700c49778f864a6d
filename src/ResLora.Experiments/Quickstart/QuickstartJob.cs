using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Adapters;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Evaluating;
using ResLora.Experiments.Merging;
using ResLora.Experiments.Plots;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Experiments.Workloads.Generation;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Tensors.NativeRuntime;
using ResLora.Text.Data;
using ResLora.Text.Data.Tasks;
using ResLora.Training;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Quickstart;

/// <summary>
/// The whole way on the sample that the repository ships: fine-tune with LoRA and with ResLoRA on the same data in the same
/// order, merge, evaluate everything on held-out problems, and plot the loss.
/// </summary>
public static class QuickstartJob
{
    private const string TaskName = "word-problems";

    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Runs it.</summary>
    /// <param name="options">What is compared.</param>
    /// <param name="progress">Is told what happens; null for nobody.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="ResLoraException">The sample is missing or the output cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static QuickstartReport Run(QuickstartOptions options, IProgress<RunEvent>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ConfigBinder.ThrowIfAny("The quickstart's settings", [.. options.Problems()]);
        var sample = SampleFolder.Find(options.Sample);
        QuickstartFolder.MakeRoom(options.Output, sample);
        try
        {
            var report = Run(options, sample, progress, stop);
            OutputMarker.Write(options.Output);
            return report;
        }
        catch
        {
            QuickstartFolder.TryMark(options.Output);
            throw;
        }
    }

    private static QuickstartReport Run(QuickstartOptions options, string sample, IProgress<RunEvent>? progress, CancellationToken stop)
    {
        var bench = new Bench(options, sample, progress, stop);

        var baseRow = bench.Evaluate("base", bench.BaseFolder);
        var (loraRun, lora) = bench.Train("LoRA", "lora", new ShortcutConfig());
        var (resLoraRun, unmerged) = bench.Train("ResLoRA unmerged", "reslora", new ShortcutConfig { Kind = options.Structure });

        progress?.Report(new StageStarted("Merging ResLoRA into ordinary LoRA and into the model"));
        var adapter = new RunFolder(resLoraRun.RunFolder).Last;
        MergeJob.Run(bench.Merge(adapter, MergeTarget.Lora, "reslora-peft"), stop: stop);
        var merge = MergeJob.Run(bench.Merge(adapter, MergeTarget.Model, "reslora-merged"), stop: stop);
        var merged = bench.Evaluate("ResLoRA merged", merge.Output!);

        var report = new QuickstartReport(
            sample, options.Output, options.Structure, options.Steps, resLoraRun.TrainableParameters, baseRow, lora, unmerged,
            merged, merge, bench.Prompt);
        var structure = options.Structure.ToString().ToLowerInvariant();
        LossPlot.Write(
            report.PlotFile, "Word problems: training loss",
            [new LossCurve("LoRA", loraRun.Result.Losses), new LossCurve($"ResLoRA ({structure} shortcut)", resLoraRun.Result.Losses)]);
        AtomicFile.WriteText(Path.Combine(options.Output, QuickstartFolder.ReportFileName), JsonSerializer.Serialize(report, _json) + "\n");
        return report;
    }

    private sealed class Bench(QuickstartOptions options, string sample, IProgress<RunEvent>? progress, CancellationToken stop)
    {
        private readonly ITask _task = TaskRegistry.Get(TaskName);
        private IReadOnlyList<Sample>? _heldOut;

        public string BaseFolder => Path.Combine(sample, "base");

        public string Prompt => HeldOut[0].Prompt;

        private string HeldOutFile => Path.Combine(sample, "data", "heldout.jsonl");

        private IReadOnlyList<Sample> HeldOut => _heldOut ??= [.. _task.Read(HeldOutFile, TaskSplit.Test).Take(options.HeldOut)];

        public QuickstartRow Evaluate(string name, string modelFolder)
        {
            using var session = ModelSession.Load(modelFolder, dtype: ComputeType.Of("float32"), device: ComputeDevice.Current);
            return Evaluate(name, session);
        }

        public (TrainReport Run, QuickstartRow Row) Train(string name, string folder, ShortcutConfig shortcut)
        {
            var config = new RunConfig
            {
                Model = BaseFolder,
                Task = TaskName,
                Data = new DataConfig { Train = Path.Combine(sample, "data", "train.jsonl"), ValidationCount = 0 },
                Adapter = new AdapterConfig { Targets = TargetModules.AllLinear, Shortcut = shortcut },
                Training = new TrainConfig
                {
                    Steps = options.Steps,
                    BatchSize = 16,
                    LearningRate = 2e-3,
                    MaxLength = 128,
                    Seed = options.Seed,
                    DataType = "float32",
                },
                Output = Path.GetFullPath(Path.Combine(options.Output, folder)),
            };
            progress?.Report(new StageStarted($"Training {name.Replace(" unmerged", "", StringComparison.Ordinal)}"));
            using var session = ModelSession.Load(BaseFolder, dtype: ComputeType.Of("float32"), device: ComputeDevice.Current);
            var run = TrainJob.Run(config, session, resume: false, progress, stop);
            stop.ThrowIfCancellationRequested();
            return (run, Evaluate(name, session));
        }

        public MergeOptions Merge(string adapter, MergeTarget target, string folder) => new()
        {
            Adapter = adapter,
            Model = BaseFolder,
            As = target,
            Output = Path.Combine(options.Output, folder),
            Task = TaskName,
            Data = HeldOutFile,
            Answers = false,
        };

        private QuickstartRow Evaluate(string name, ModelSession session)
        {
            progress?.Report(new StageStarted($"Answering {HeldOut.Count} held-out problems: {name}"));
            var settings =
                new EvaluateOptions { Model = session.ModelFolder, Task = TaskName, Data = HeldOutFile, BatchSize = 50, MaxNewTokens = 40 };
            var report = EvaluateJob.Measure(session, new GenerationData(_task, HeldOut, []), settings, progress, stop);
            return new QuickstartRow(name, report.Loss.Loss, report.ExactMatch!);
        }
    }
}
