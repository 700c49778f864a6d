using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models;
using ResLora.Training;
using ResLora.Training.Data;
using ResLora.Training.Evaluation;
using static TorchSharp.torch;

namespace ResLora.Experiments.Merging;

/// <summary>Merges an adapter, measures what that costs, writes the result, and reads it back before it says so.</summary>
public static class MergeJob
{
    /// <summary>The report's name in the output.</summary>
    public const string ReportFileName = "merge-report.json";

    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Runs the job.</summary>
    /// <param name="options">Which adapter is merged, how, and into what.</param>
    /// <returns>What was done and what it cost.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used.</exception>
    /// <exception cref="RunFailedException">What was read back differs from what was merged.</exception>
    public static MergeReport Run(MergeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var description = AdapterStore.Describe(options.Adapter);
        var baseModel = BaseModel(options, description);
        var method = options.Method ?? MergeMethods.For(description.Config.Shortcut.Kind, description.ShortcutWeight)[0];
        using var session = ModelSession.Load(baseModel, options.Adapter);
        var (source, samples) = Samples(options, session);
        using var merged = Merger.Merge(session.Adapter!, method);
        var loss = session.Model is EncoderModel
            ? LabelMergeLoss.Measure(session, merged, samples)
            : MergeLoss.Measure(session, merged, [.. samples.Select(sample => sample.Ids)]);
        Write(options, baseModel, session, merged);
        var report = new MergeReport(
            options.Adapter, baseModel, options.Output, method, merged.IsExact, options.As, source, loss,
            ReadBack(options, baseModel, session, merged, samples[0]));
        AtomicFile.WriteText(Path.Combine(options.Output, ReportFileName), JsonSerializer.Serialize(report, _json) + "\n");
        return report;
    }

    private static string BaseModel(MergeOptions options, AdapterDescription description)
    {
        if (options.Model is { } given)
        {
            return given;
        }

        return description.BaseModel is { } named && Directory.Exists(named)
            ? named
            : throw new ConfigException(description.BaseModel is null
                ? $"{options.Adapter}: the adapter does not name its base model; give it (--model)."
                : $"{options.Adapter}: the adapter names the base model '{description.BaseModel}', and there is no such folder here; give it (--model).");
    }

    private static (string Source, IReadOnlyList<TokenizedSample> Samples) Samples(MergeOptions options, ModelSession session)
    {
        if (session.Model is EncoderModel)
        {
            var labels = MeasuringLabels.Choose(options, session);
            return (labels.Source, labels.Samples);
        }

        var texts = MeasuringTexts.Choose(options, session);
        return (texts.Source, [.. texts.Sequences.Select(ids => new TokenizedSample([.. ids], []))]);
    }

    private static void Write(MergeOptions options, string baseModel, ModelSession session, MergedAdapter merged)
    {
        if (options.As == MergeTarget.Lora)
        {
            AdapterStore.SavePeft(merged, options.Output, baseModel, options.Overwrite);
            if (session.Model is EncoderModel { Head: var head })
            {
                TextHeadFile.Write(options.Output, head);
            }

            return;
        }

        using (merged.Apply())
        {
            ModelFolder.Write(session.Model, baseModel, options.Output, overwrite: options.Overwrite);
        }
    }

    /// <summary>The largest difference of a logit; a LoRA is applied unmerged, so it differs by rounding, a model not at all.</summary>
    private static double ReadBack(MergeOptions options, string baseModel, ModelSession session, MergedAdapter merged, TokenizedSample sample)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var written = options.As == MergeTarget.Lora
            ? ModelSession.Load(baseModel, options.Output)
            : ModelSession.Load(options.Output);
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
                $"'{options.Output}' was written, but read back it differs from the merged model by {difference:0.0e+0} in a logit of at most {scale:0.0}; do not use it.");
    }

    private static Tensor Logits(LanguageModel model, TokenizedSample sample)
    {
        using var scope = NewDisposeScope();
        return model.Predict(LabelMergeLoss.Input(sample, model)).to(float32).MoveToOuterDisposeScope();   // [1, T, V] or [1, N]
    }
}
