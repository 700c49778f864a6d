using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Adapters;
using ResLora.Adapters.Merging;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models;
using ResLora.Training;
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
        var texts = MeasuringTexts.Choose(options, session);
        using var merged = Merger.Merge(session.Adapter!, method);
        var loss = MergeLoss.Measure(session, merged, texts.Sequences);
        Write(options, baseModel, session, merged);
        var report = new MergeReport(
            options.Adapter, baseModel, options.Output, method, merged.IsExact, options.As, texts.Source, loss,
            ReadBack(options, baseModel, session, merged, texts.Sequences[0]));
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

    private static void Write(MergeOptions options, string baseModel, ModelSession session, MergedAdapter merged)
    {
        if (options.As == MergeTarget.Lora)
        {
            AdapterStore.SavePeft(merged, options.Output, baseModel, options.Overwrite);
            return;
        }

        using (merged.Apply())
        {
            ModelFolder.Write(session.Model, baseModel, options.Output, overwrite: options.Overwrite);
        }
    }

    /// <summary>The largest difference of a logit; a LoRA is applied unmerged, so it differs by rounding, a model not at all.</summary>
    private static double ReadBack(MergeOptions options, string baseModel, ModelSession session, MergedAdapter merged, IReadOnlyList<int> sequence)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using var written = options.As == MergeTarget.Lora
            ? ModelSession.Load(baseModel, options.Output)
            : ModelSession.Load(options.Output);
        Tensor expected;
        using (merged.Apply())
        {
            expected = Logits(session.Model, sequence);
        }

        var difference = (double)(Logits(written.Model, sequence) - expected).abs().max().item<float>();
        // bfloat16 keeps 8 bits, and a LoRA rounds W x and s B A x each where the merge rounds W + s B A.
        var allowed = session.Model.DataType == ScalarType.Float32 ? 1e-3 : 0.1;
        var scale = Math.Max(1, expected.abs().max().item<float>());
        return difference <= allowed * scale
            ? difference
            : throw new RunFailedException(
                $"'{options.Output}' was written, but read back it differs from the merged model by {difference:0.0e+0} in a logit of at most {scale:0.0}; do not use it.");
    }

    private static Tensor Logits(CausalLanguageModel model, IReadOnlyList<int> sequence)
    {
        using var scope = NewDisposeScope();
        using var ids = tensor(sequence.Select(id => (long)id).ToArray(), device: model.Device).unsqueeze(0);   // [1, T]
        return model.Logits(model.Hidden(ids)).to(float32).MoveToOuterDisposeScope();   // [1, T, V]
    }
}
