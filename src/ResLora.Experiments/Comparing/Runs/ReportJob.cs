using System.Globalization;
using ResLora.Adapters;
using ResLora.Experiments.Plots;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Training.Checkpoints;

namespace ResLora.Experiments.Comparing.Runs;

/// <summary>Puts finished runs side by side, whatever they were made for.</summary>
public static class ReportJob
{
    /// <summary>Runs the job.</summary>
    /// <param name="paths">Folders of runs; one of a comparison stands for all of its runs.</param>
    /// <param name="plot">A PNG file for their training losses, or null.</param>
    /// <returns>The runs.</returns>
    /// <exception cref="ResLoraException">A folder holds no finished run, or the picture cannot be written.</exception>
    public static RunsReport Run(IReadOnlyList<string> paths, string? plot = null)
    {
        ArgumentNullException.ThrowIfNull(paths);
        FoundRun[] found = [.. paths.SelectMany(Expand)];
        if (plot is not null)
        {
            OutputGuard.RequireFile(plot, found.Select(run => run.Folder));
            LossPlot.Write(plot, "training loss", [.. found.Select(CurveOf)], "training loss");
        }

        return new RunsReport(
            [.. found.Select(Summary)], [.. Notes([.. found.Select(run => run.Config)], [.. found.Select(run => run.Trace)])]);
    }

    private static IEnumerable<FoundRun> Expand(string path)
    {
        var comparison = new CompareFolder(path);
        if (!File.Exists(comparison.IdentityFile))
        {
            return [Find(path) ?? throw new ConfigException(
                $"The run in '{path}' is not over; go on with it (reslora train --resume).")];
        }

        FoundRun[] runs =
            [.. comparison.Runs.Where(run => File.Exists(new RunFolder(run).ConfigFile)).Select(Find).OfType<FoundRun>()];
        return runs.Length > 0 ? runs : throw new ConfigException(
            $"'{path}' holds a comparison without a finished run; 'reslora compare' goes on with it.");
    }

    /// <summary>The run in a folder; null when it is not over.</summary>
    private static FoundRun? Find(string folder)
    {
        var run = new RunFolder(folder);
        if (!File.Exists(run.ConfigFile))
        {
            throw new ConfigException(
                $"'{folder}' holds no run: there is no {Path.GetFileName(run.ConfigFile)} in it; "
                + "name the folder of a run (--output of 'reslora train').");
        }

        if (!Directory.Exists(run.Last))
        {
            return null;
        }

        var found = new FoundRun(folder, RunConfig.Read(run.ConfigFile), RunTrace.Read(run.MetricsFile));
        return IsOver(found) ? found : null;
    }

    /// <summary>One that was stopped or paused has a checkpoint that says how far it was to come.</summary>
    private static bool IsOver(FoundRun run)
    {
        if (new CheckpointStore(run.Folder).Folders is not [var newest, ..])
        {
            return true;
        }

        var state = CheckpointStore.ReadState(newest);
        var patience = run.Config.Training.Patience;
        return (patience > 0 && state.EvaluationsSinceBest >= patience) || run.Trace.Steps.Count >= state.TotalSteps;
    }

    private static LossCurve CurveOf(FoundRun run) => new(
        Path.GetRelativePath(Directory.GetCurrentDirectory(), run.Folder), [.. run.Trace.Steps.Select(step => (step.Step, step.Loss))]);

    private static RunSummary Summary(FoundRun run)
    {
        var (folder, config, trace) = run;
        return new RunSummary(
            folder, config.Task, Adapter(config), config.Training.LearningRate, config.Training.Seed, trace.Steps.Count,
            trace.Smoothed()[^1], trace.LastMetrics, trace.Count, trace.Unit, trace.Seconds,
            Directory.EnumerateFiles(new RunFolder(folder).Last, "*.safetensors").Sum(file => new FileInfo(file).Length));
    }

    private static string Adapter(RunConfig config) => config switch
    {
        { StartFrom: { } from } => $"that of {from}",
        { Adapter: { } adapter } =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"{adapter.Method ?? "lora"}, rank {adapter.Rank}, alpha {adapter.Alpha}{Shortcut(adapter.Shortcut)}"),
        _ => "all weights",
    };

    private static string Shortcut(ShortcutConfig shortcut) => shortcut.Kind == ShortcutKind.None
        ? ""
        : $", {shortcut.Kind.ToString().ToLowerInvariant()} shortcut{Previous(shortcut.PreviousCount)}";

    private static string Previous(int count) => count switch
    {
        1 => "",
        ShortcutConfig.AllPrevious => " of all",
        _ => string.Create(CultureInfo.InvariantCulture, $" of {count}"),
    };

    /// <summary>What decides which samples validate.</summary>
    private static object Validated(RunConfig config)
    {
        var data = config.Data;
        return data.Validation is { } path
            ? (path, data.ValidationCount)
            : (data.Train, data.Limit, data.ValidationCount, data.SplitSeed);
    }

    /// <summary>What stands in the way of a verdict.</summary>
    private static IEnumerable<string> Notes(RunConfig[] configs, RunTrace[] traces)
    {
        if (configs.Select(config => config.Task).Distinct().Count() > 1)
        {
            yield return "The runs have different tasks: their losses and metrics are not of the same thing.";
        }

        if (configs.Select(config => config.Model).Distinct().Count() > 1)
        {
            yield return "The runs start from different models.";
        }

        if (configs.Select(config => config.Training.Seed).Distinct().Count() > 1)
        {
            yield return "The runs have different seeds: other first weights, and another order of samples.";
        }

        if (configs.Select(config => (config.Data.Train, config.Data.Limit)).Distinct().Count() > 1)
        {
            yield return "The runs were trained on different data.";
        }

        if (configs.Select(Validated).Distinct().Count() > 1)
        {
            yield return "The runs were not validated on the same samples: "
                + "the figures of their last evaluations are not of the same thing.";
        }

        if (traces.Select(trace => trace.Digest).Distinct().Count() > 1)
        {
            yield return "The runs did not read the same in the same order, or were not evaluated at the same steps: "
                + "they differ in that, too.";
        }

        yield return "No verdict is given: these figures are of validation data, which may have chosen settings, and single runs say "
            + "nothing of chance. 'reslora compare' trains pairs with several seeds, tests them and judges.";
    }

    private sealed record FoundRun(string Folder, RunConfig Config, RunTrace Trace);
}
