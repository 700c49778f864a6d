using ResLora.Experiments.Merging;
using ResLora.Experiments.Places;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Training.Loop;
using ResLora.Training.Merging;

namespace ResLora.Experiments.Exporting;

/// <summary>
/// Exports a model or an adapter: planned first, written aside, read back, held against what was exported, and only then moved
/// into place.
/// </summary>
public static class ExportJob
{
    private const int MostProofTexts = 16;

    /// <summary>Plans an export; nothing is written. Weights are read only to measure a merge that is approximate.</summary>
    /// <param name="options">What is exported.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used.</exception>
    public static ExportPlan Plan(ExportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var target = ExportTargets.Get(options.To);
        var source = ExportSource.Open(options, target);
        var plan = ExportPlan.Of(source, target);
        if (source.IsExact)
        {
            return plan;
        }

        using var graph = ExportGraph.Load(source, target.Holds);
        var texts = MergeExamples.ToMeasure(new MergeExampleSource(options.Adapter, options.Task, options.Data), graph.Session);
        return plan with { MergeLoss = Loss(graph, texts), MeasuredOn = texts.Source };
    }

    /// <summary>Runs the job.</summary>
    /// <param name="options">What is exported.</param>
    /// <returns>The report, which is also in the folder.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used, or something would be lost.</exception>
    /// <exception cref="RunFailedException">What was read back is not what was exported. The output is as it was before.</exception>
    public static ExportReport Run(ExportOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Run(options, ExportTargets.Get(options.To));
    }

    /// <summary>Command lines that use an export.</summary>
    /// <param name="report">The export's report.</param>
    /// <param name="folder">Where the export is, as it is to stand in the lines.</param>
    /// <returns>The lines.</returns>
    public static IReadOnlyList<string> Next(ExportReport report, string folder)
    {
        ArgumentNullException.ThrowIfNull(report);
        var target = ExportTargets.Get(report.Plan.Target);
        return [.. target.Next(ExportSource.Open(Options(report.Plan), target), ShellWord.Quote(folder))];
    }

    /// <summary>The options that lead to a plan's sources again.</summary>
    internal static ExportOptions Options(ExportPlan plan) =>
        new()
        {
            To = plan.Target,
            Model = HubPlaces.Model(plan.Model),
            Adapter = HubPlaces.Model(plan.Adapter),
            Method = plan.Method,
            Type = plan.Type,
            Rank = plan.Rank,
        };

    internal static ExportReport Run(ExportOptions options, IExportTarget target)
    {
        var output = options.Output ?? throw new ConfigException("There is no folder to write to; give one (--output).");
        var source = ExportSource.Open(options, target);
        string?[] inputs = [source.ModelFolder, source.Adapter?.Folder, options.Data, .. RunFolder.SavedAround(options.Adapter)];
        RunLock.RequireFree(output);
        OutputGuard.RequireFolder(output, options.Overwrite, inputs);
        var plan = ExportPlan.Of(source, target);
        plan.RequireLossless(options.AllowLossy);
        DiskSpace.Require(output, source.Bytes, "The export's files");
        ExportReport? report = null;
        AtomicFolder.Write(output, folder => report = WriteAndProve(options, target, source, plan, folder), options.Overwrite, inputs);
        return report!;
    }

    private static ExportReport WriteAndProve(
        ExportOptions options, IExportTarget target, ExportSource source, ExportPlan plan, string folder)
    {
        using var graph = ExportGraph.Load(source, target.Holds);
        var texts = MergeExamples.ToMeasure(new MergeExampleSource(options.Adapter, options.Task, options.Data), graph.Session);
        target.Write(graph, folder);
        var workload = WorkloadRegistry.Of(graph.Session.Model, source.ModelFolder);
        IReadOnlyList<IReadOnlyList<int>> numbers =
            [.. texts.Examples.Take(MostProofTexts).Select(example => workload.Numbers(example, target.ProofLength(source)))];
        IReadOnlyList<string> prompts = [.. texts.Prompts.Take(MostProofTexts)];
        var report = new ExportReport
        {
            Version = ExportReport.CurrentVersion,
            Plan =
                plan with
                {
                    Model = HubPlaces.Name(Path.GetFullPath(plan.Model)),
                    Adapter = plan.Adapter is null ? null : HubPlaces.Name(Path.GetFullPath(plan.Adapter)),
                },
            MergeLoss = graph.Merged is null ? null : Loss(graph, texts),
            CalibratedOn = graph.CalibratedOn,
            MeasuredOn = texts.Source,
            Proofs = Prove(graph, target, folder, numbers, prompts),
            Files = ExportedFile.Of(folder),
            Prompts = prompts,
            TokenIds = numbers,
        };
        RequireProved(report.Proofs, options.Output!);
        report.Write(folder);
        return report;
    }

    /// <summary>Reads an export back and compares.</summary>
    internal static IReadOnlyList<ExportProof> Prove(
        ExportGraph graph, IExportTarget target, string folder, IReadOnlyList<IReadOnlyList<int>> numbers, IReadOnlyList<string> prompts)
    {
        var workload = WorkloadRegistry.Of(graph.Session.Model, graph.Source.ModelFolder);
        IExample[] examples = [.. numbers.Select(example => workload.Example(example, graph.Session))];
        var proofs = new List<ExportProof>();
        foreach (var exported in target.Open(folder, graph.Source))
        {
            using (exported)
            {
                proofs.Add(ExportProof.Of(graph, exported, examples, prompts));
            }
        }

        return proofs;
    }

    private static MergeLoss Loss(ExportGraph graph, MeasuredExamples texts) =>
        MergeMeasurement.Measure(graph.Session, texts.Objective, [graph.Merged!], texts.Examples)[0].Loss;

    private static void RequireProved(IReadOnlyList<ExportProof> proofs, string output)
    {
        var faults = proofs.SelectMany(proof => proof.Faults().Select(fault => $"{proof.File}: {fault}")).ToArray();
        if (faults.Length > 0)
        {
            throw new RunFailedException(
                $"The export did not pass its proof, and '{output}' was not touched. {string.Join("; ", faults)}.");
        }
    }
}
