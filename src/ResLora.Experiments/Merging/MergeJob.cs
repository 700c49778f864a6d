using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Places;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models;
using ResLora.Tensors.Safetensors;
using ResLora.Training;
using ResLora.Training.Loop;
using static TorchSharp.torch;

namespace ResLora.Experiments.Merging;

/// <summary>Merges an adapter, measures what that costs, writes the result, and reads it back before it says so.</summary>
public static class MergeJob
{
    /// <summary>The report's name in the output.</summary>
    public const string ReportFileName = "merge-report.json";

    /// <summary>The plot's name in the output.</summary>
    public const string PlotFileName = "merge-report.png";

    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Runs the job.</summary>
    /// <param name="options">Which adapter is merged, how, and into what.</param>
    /// <param name="progress">Is told what happens; null for nobody.</param>
    /// <param name="stop">Ends the job; nothing is written then.</param>
    /// <returns>What was done and what it cost.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used.</exception>
    /// <exception cref="RunFailedException">What was read back differs from what was merged. The output is as it was before.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static MergeReport Run(MergeOptions options, IProgress<RunEvent>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ConfigBinder.ThrowIfAny("The merge's settings", [.. options.Problems()]);
        var description = AdapterStore.Describe(options.Adapter).CutTo(options.Rank);
        var baseModel = BaseModelFolder.Of(options.Model, description);
        string?[] inputs = [options.Adapter, baseModel, options.Data, options.Calibration, .. RunFolder.SavedAround(options.Adapter)];
        if (options.Output is { } wanted)
        {
            RunLock.RequireFree(wanted);
            OutputGuard.RequireFolder(wanted, options.Overwrite, inputs);
        }

        // In float32, as exports are measured: what is shown is the cost of merging, not of the roundings of a smaller type.
        using var session = ModelSession.Load(baseModel, options.Adapter, ScalarType.Float32, rank: options.Rank);
        if (options.As == MergeTarget.Lora)
        {
            AdapterStore.RequirePlain(session.Adapter!);
        }

        var texts = MergeExamples.ToMeasure(options.Texts, session);
        var methods = Methods(options, session.Adapter!);
        if (options is { Output: { } place, As: { } kind })
        {
            DiskSpace.Require(place, Bytes(kind, baseModel, session.Adapter!, methods[0].Method), "The merged files");
        }

        using var comparison = MergeComparison.Run(options, methods, session, texts, progress, stop);
        var chosen = options is { Compare: true, Method: null } ? comparison.Ranking[0] : comparison.Ranking.Single(
            outcome => outcome.Method == methods[0].Name);
        var report = new MergeReport(
            options.Adapter, baseModel, options.Output, options.As, chosen, comparison.Ranking, comparison.CalibratedOn, comparison.MeasuredOn,
            comparison.UnmergedExactMatch, null);
        if (options is { As: { } target, Output: { } output })
        {
            AtomicFolder.Write(
                output,
                folder =>
                {
                    stop.ThrowIfCancellationRequested();
                    report = WriteAndProve(report, target, folder, session, comparison.Merged(chosen), texts.Examples[0]);
                },
                options.Overwrite,
                inputs);
        }

        return report;
    }

    /// <summary>Writes everything into a folder that is not in its place yet, and reads it back.</summary>
    private static MergeReport WriteAndProve(
        MergeReport report, MergeTarget target, string folder, ModelSession session, MergedAdapter merged, IExample sample)
    {
        Write(target, folder, report.Model, session, merged);
        TrainedPrompt.Read(report.Adapter)?.Write(folder);
        var proved = report with { ReadBackDifference = ReadBack(target, folder, report, session, merged, sample) };
        AtomicFile.WriteText(Path.Combine(folder, ReportFileName), JsonSerializer.Serialize(proved, _json) + "\n");
        if (proved.Chosen.Modules.Count > 0)
        {
            MergePlot.Write(Path.Combine(folder, PlotFileName), proved);
        }

        return proved;
    }

    private static long Bytes(MergeTarget target, string baseModel, AdaptedModel adapter, MergeMethod method) => target == MergeTarget.Model
        ? CheckpointReader.ReadHeader(baseModel).Entries.Values.Sum(entry => entry.UnpackedLength)
        : adapter.Blocks.Sum(block => MergedSize.Bytes(block, method, adapter.ShortcutWeight));

    /// <summary>The method to use first, then those to measure beside it: all that fit, or the control alone.</summary>
    private static List<MergeSettings> Methods(MergeOptions options, AdaptedModel adapter)
    {
        var fitting = MergeMethods.For(adapter);
        var first = Settings(options, options.Method ?? fitting[0]) with { Sequential = options.Sequential };
        var others = options.Compare
            ? fitting.SelectMany(method => method == MergeMethod.LeastSquares
                ? [Settings(options, method), Settings(options, method) with { Sequential = true }]
                : new[] { Settings(options, method) })
            : fitting.Where(method => method == MergeMethod.Dropped).Select(method => Settings(options, method));
        return [first, .. others.Where(settings => settings.Name != first.Name)];
    }

    private static MergeSettings Settings(MergeOptions options, MergeMethod method) =>
        new(method) { Ridge = options.Ridge, CalibrationMemory = options.CalibrationMemory };

    private static void Write(MergeTarget target, string folder, string baseModel, ModelSession session, MergedAdapter merged)
    {
        if (target == MergeTarget.Lora)
        {
            AdapterStore.SavePeft(merged, folder, HubPlaces.Name(baseModel));
            if (session.Model.Head is { } head)
            {
                ModelHeadFile.Write(folder, head);
            }

            return;
        }

        using (merged.Apply())
        {
            ModelFolder.Write(session.Model, baseModel, folder, StoredType(baseModel));
        }
    }

    private static ScalarType StoredType(string model) =>
        SafetensorsEntry.MainType(CheckpointReader.ReadHeader(model).Entries.Values)!.Value;

    /// <summary>
    /// The largest difference of a logit: of rounding, since a LoRA is applied unmerged, and a model is stored in its base's type.
    /// </summary>
    private static double ReadBack(
        MergeTarget target, string folder, MergeReport report, ModelSession session, MergedAdapter merged, IExample sample)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var written = target == MergeTarget.Lora ? ModelSession.Load(
            report.Model, folder, ScalarType.Float32) : ModelSession.Load(folder, dtype: ScalarType.Float32);
        var workload = WorkloadRegistry.Of(session.Model, session.ModelFolder);
        Tensor expected;
        using (merged.Apply())
        {
            expected = workload.Outputs(session.Model, sample);
        }

        var difference = (double)(workload.Outputs(written.Model, sample) - expected).abs().max().item<float>();
        // A LoRA is stored in float32; of a model's weights bfloat16 keeps 8 bits.
        var allowed = target == MergeTarget.Lora || StoredType(report.Model) == ScalarType.Float32 ? 1e-3 : 0.1;
        var scale = Math.Max(1, expected.abs().max().item<float>());
        return difference <= allowed * scale
            ? difference
            : throw new RunFailedException(
                $"What was written differs from the merged model by {difference:0.0e+0} in a logit of at most {scale:0.0} when it is read back; '{report.Output}' was not touched.");
    }
}
