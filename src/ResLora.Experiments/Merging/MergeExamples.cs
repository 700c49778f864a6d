using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Training;

namespace ResLora.Experiments.Merging;

/// <summary>Chooses the examples that a merge is calibrated on, or that its loss is measured on.</summary>
internal static class MergeExamples
{
    /// <summary>Takes data that the user names, else the run's validation data, else examples that are made up.</summary>
    public static MeasuredExamples ToMeasure(MergeExampleSource source, ModelSession session) =>
        Take(source, session, source.Data, TaskSplit.Test, source.Samples, heldOut: true, seed: 0, "measure");

    /// <summary>Takes data that the user names, else the run's training data, else examples that are made up (other ones than those
    /// measured on).</summary>
    public static MeasuredExamples ToCalibrate(MergeExampleSource source, ModelSession session) =>
        Take(source, session, source.Calibration, TaskSplit.Train, source.CalibrationSamples, heldOut: false, seed: 1, "calibrate");

    private static MeasuredExamples Take(
        MergeExampleSource source, ModelSession session, string? path, TaskSplit split, int count, bool heldOut, int seed, string purpose)
    {
        if (path is not null)
        {
            var task = source.Task ?? throw new ConfigException($"The task of '{path}' is missing, which says how it is read (--task).");
            var workload = WorkloadRegistry.Of(task);
            workload.Require(task, session.Model, session.ModelFolder);
            var given = new GivenData(task, path, split) { Limit = count, Adapter = source.Adapter };
            return workload.Read(given, session).Take(session, heldOut: false, count, path);
        }

        if (OfRun(source.Adapter, session, out var folder, out var fault) is { } data && (data.HasValidation || !heldOut))
        {
            return data.Take(session, heldOut, count, $"the {(heldOut ? "validation" : "training")} data of the run in {folder}");
        }

        var invented = WorkloadRegistry.Of(session.Model, session.ModelFolder).Invent(session, seed, purpose);
        return fault is null
            ? invented
            : invented with { Source = $"{invented.Source}, because the run's own data cannot be read ({fault})" };
    }

    /// <summary>An earlier version wrote no prompts with chat templates, and its settings do not say so.</summary>
    private static RunConfig AsTrained(RunConfig config, string adapter) => TrainedPrompt.Read(adapter) is { ChatTemplate: null }
        ? config with { Data = config.Data with { ChatTemplate = ChatTemplateUse.Never, ChatTemplateFile = null } }
        : config;

    /// <summary>An adapter in a run's best or last folder has the run's settings beside it; if its data cannot be read, the fault says
    /// why.</summary>
    private static TaskData? OfRun(string? adapter, ModelSession session, out string folder, out string? fault)
    {
        var run = adapter is null ? null : RunFolder.Around(adapter);
        (folder, fault) = (run?.Path ?? "", null);
        try
        {
            return run is null ? null : AsTrained(ConfigFile.Located(RunConfig.Read(run.ConfigFile)), adapter!).ReadData(
                session.Model, headIsNew: false);
        }
        catch (ResLoraException error)
        {
            // The run's data may be gone; there are other examples, and the report says why they were taken.
            fault = error.Message;
            return null;
        }
    }
}
