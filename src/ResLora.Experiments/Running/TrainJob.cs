using ResLora.Adapters;
using ResLora.Experiments.Planning;
using ResLora.Formats.Errors;
using ResLora.Models;
using ResLora.Training;
using ResLora.Training.Evaluation;
using ResLora.Training.Generation;
using ResLora.Training.Loop;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ResLora.Experiments.Running;

/// <summary>Fine-tunes a model as a configuration says: data, adapter, training, and the run's folder.</summary>
public static class TrainJob
{
    /// <summary>Runs the job.</summary>
    /// <param name="config">The settings, free of problems.</param>
    /// <param name="resume">Whether an earlier run in the folder goes on from its newest checkpoint.</param>
    /// <param name="progress">Is told what happens; null for nobody.</param>
    /// <param name="stop">Ends the run after the step in hand, with a checkpoint.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used.</exception>
    /// <exception cref="TrainingFailedException">The loss or a gradient is not finite.</exception>
    public static TrainReport Run(RunConfig config, bool resume = false, IProgress<RunEvent>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        var texts = LabelledTexts.Of(config);
        using var session = ModelSession.Load(
            config.Model, dtype: DataType(config.Training.DataType), head: texts?.Head, headSeed: texts is null ? null : config.Training.Seed);
        return Run(config, session, texts, resume, progress, stop);
    }

    /// <summary>Runs the job on a model that is loaded already and carries no adapter yet; it carries the trained one afterwards.</summary>
    /// <param name="config">The settings, free of problems.</param>
    /// <param name="session">The model, borrowed.</param>
    /// <param name="resume">As for the other overload.</param>
    /// <param name="progress">As for the other overload.</param>
    /// <param name="stop">As for the other overload.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used.</exception>
    /// <exception cref="TrainingFailedException">The loss or a gradient is not finite.</exception>
    public static TrainReport Run(
        RunConfig config, ModelSession session, bool resume = false, IProgress<RunEvent>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(session);
        return Run(config, session, null, resume, progress, stop);
    }

    private static TrainReport Run(
        RunConfig config, ModelSession session, LabelledTexts? texts, bool resume, IProgress<RunEvent>? progress, CancellationToken stop)
    {
        var folder = new RunFolder(config.Output ?? throw new ConfigException("output is missing; name the folder of the run."));
        var data = RunData.Read(config, session.Tokenizer, session.Model, texts);
        var adapter = config.Adapter is { } settings ? session.Attach(settings, config.Training.Seed) : null;
        folder.Prepare(config, resume);
        var trainable = (adapter?.TrainableParameters() ?? AllParameters(session.Model)).ToArray();
        progress?.Report(new RunPlanned(PlanJob.Of(config, session.Model, adapter, data)));
        var setup = new TrainSetup(
            data.ObjectiveFor(session), trainable, data.TrainTokens.Samples, data.ValidationTokens, config.Training, folder.Path, Save(config, session))
        {
            Adapter = adapter,
            ExtraMetrics = data is GenerationRunData generation && config.Training.BestMetric == RunConfig.ExactMatchMetric
                ? () => ExactMatchOf(session, generation, config, stop)
                : null,
        };
        var result = new Trainer(setup).Run(progress, resume, stop);
        return new TrainReport(folder.Path, trainable.Sum(p => p.Value.numel()), result);
    }

    /// <summary>The dtype that a configuration names; null for that of the files.</summary>
    internal static ScalarType? DataType(string name) => name switch
    {
        "float32" => ScalarType.Float32,
        "bfloat16" => ScalarType.BFloat16,
        _ => null,
    };

    private static IEnumerable<KeyValuePair<string, Parameter>> AllParameters(LanguageModel model) =>
        model.named_parameters().Select(p => KeyValuePair.Create(p.name, p.parameter));

    private static Action<string> Save(RunConfig config, ModelSession session) => folder =>
    {
        if (session.Adapter is { } adapter)
        {
            AdapterStore.Save(adapter, folder, config.Model);
            if (session.Model is EncoderModel { Head: var head })
            {
                TextHeadFile.Write(folder, head);
            }
        }
        else
        {
            ModelFolder.Write(session.Model, config.Model, folder, overwrite: true);
        }
    };

    private static Dictionary<string, double> ExactMatchOf(ModelSession session, GenerationRunData data, RunConfig config, CancellationToken stop)
    {
        var match = ExactMatch.Measure(
            session.Causal, session.Tokenizer, data.Task, data.Validation, config.Training.BatchSize, new GenerationConfig(), null, stop);
        return new Dictionary<string, double> { [RunConfig.ExactMatchMetric] = match.Accuracy };
    }
}
