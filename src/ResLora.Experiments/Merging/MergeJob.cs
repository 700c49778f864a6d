using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Experiments.Configuration;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models;
using ResLora.Training;
using ResLora.Training.Data;
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
    /// <exception cref="RunFailedException">What was read back differs from what was merged.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static MergeReport Run(MergeOptions options, IProgress<RunEvent>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ConfigBinder.ThrowIfAny("The merge's settings", [.. options.Problems()]);
        var description = AdapterStore.Describe(options.Adapter);
        var baseModel = BaseModelFolder.Of(options.Model, description);
        using var session = ModelSession.Load(baseModel, options.Adapter);
        var texts = MergeTexts.ToMeasure(options.Texts, session);
        var methods = Methods(options, session.Adapter!);
        using var comparison = MergeComparison.Run(options, methods, session, texts, progress, stop);
        var chosen = options is { Compare: true, Method: null } ? comparison.Ranking[0] : comparison.Ranking.Single(outcome => outcome.Method == methods[0].Name);
        double? difference = null;
        if (options is { As: { } target, Output: { } output })
        {
            var merged = comparison.Merged(chosen);
            Write(target, output, options.Overwrite, baseModel, session, merged);
            difference = ReadBack(target, output, baseModel, session, merged, texts.Tokens[0]);
        }

        var report = new MergeReport(
            options.Adapter, baseModel, options.Output, options.As, chosen, comparison.Ranking, comparison.CalibratedOn, comparison.MeasuredOn,
            comparison.UnmergedExactMatch, difference);
        if (report.Output is { } folder)
        {
            AtomicFile.WriteText(Path.Combine(folder, ReportFileName), JsonSerializer.Serialize(report, _json) + "\n");
            if (chosen.Modules.Count > 0)
            {
                MergePlot.Write(Path.Combine(folder, PlotFileName), report);
            }
        }

        return report;
    }

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

    private static void Write(MergeTarget target, string output, bool overwrite, string baseModel, ModelSession session, MergedAdapter merged)
    {
        if (target == MergeTarget.Lora)
        {
            AdapterStore.SavePeft(merged, output, baseModel, overwrite);
            if (session.Model is EncoderModel { Head: var head })
            {
                TextHeadFile.Write(output, head);
            }

            return;
        }

        using (merged.Apply())
        {
            ModelFolder.Write(session.Model, baseModel, output, overwrite: overwrite);
        }
    }

    /// <summary>The largest difference of a logit; a LoRA is applied unmerged, so it differs by rounding, a model not at all.</summary>
    private static double ReadBack(MergeTarget target, string output, string baseModel, ModelSession session, MergedAdapter merged, TokenizedSample sample)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var written = target == MergeTarget.Lora ? ModelSession.Load(baseModel, output) : ModelSession.Load(output);
        Tensor expected;
        using (merged.Apply())
        {
            expected = Logits(session.Model, sample);
        }

        var difference = (double)(Logits(written.Model, sample) - expected).abs().max().item<float>();
        // bfloat16 keeps 8 bits, and a LoRA rounds W x and s B A x each where the merge rounds W + s B A.
        var allowed = session.Model.DataType == ScalarType.Float32 ? 1e-3 : 0.1;
        var scale = Math.Max(1, expected.abs().max().item<float>());
        return difference <= allowed * scale
            ? difference
            : throw new RunFailedException(
                $"'{output}' was written, but read back it differs from the merged model by {difference:0.0e+0} in a logit of at most {scale:0.0}; do not use it.");
    }

    private static Tensor Logits(LanguageModel model, TokenizedSample sample)
    {
        using var scope = NewDisposeScope();
        Tensor Row(int[] values) => tensor(values.Select(value => (long)value).ToArray(), device: model.Device).unsqueeze(0);   // [1, T]
        var input = new TokenInput(Row(sample.Ids), null, sample.TypeIds is { } types ? Row(types) : null);
        return model.Predict(input).to(float32).MoveToOuterDisposeScope();   // [1, T, V] or [1, N]
    }
}
