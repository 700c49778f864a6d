using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Formats.HuggingFace;

namespace ResLora.Experiments.Exporting;

/// <summary>Checks an existing export: its files by their hashes, then its numbers against its sources, if they are still there.</summary>
public static class ExportCheck
{
    private const int MostSequences = 64;
    private const int LongestSequence = 4096;

    /// <summary>Runs the check.</summary>
    /// <param name="folder">The export.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="FileFormatException">The folder is no export, or its report is broken.</exception>
    public static ExportCheckReport Run(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!File.Exists(Path.Combine(folder, ExportReport.FileName)))
        {
            throw new FileFormatException($"{folder}: this is no export: there is no {ExportReport.FileName}.");
        }

        var report = ExportReport.Read(folder);
        var differences = Files(report.Files, ExportedFile.Of(folder)).ToList();
        if (Missing(report.Plan) is { } missing)
        {
            return new ExportCheckReport(folder, report.Plan.Target, report.Files.Count, false, missing, [], differences);
        }

        IReadOnlyList<ExportProof> proofs = [];
        try
        {
            if (Compare(folder, report) is not { } compared)
            {
                const string gone = "the merge was calibrated on texts that are not there any more, so that it cannot be made again";
                return new ExportCheckReport(folder, report.Plan.Target, report.Files.Count, false, gone, [], differences);
            }

            proofs = compared;
            differences.AddRange(proofs.SelectMany(proof => proof.Faults().Select(fault => $"{proof.File}: {fault}")));
        }
        catch (ResLoraException error) when (differences.Count > 0)
        {
            // The files are not those that were written, so that they need not be readable.
            differences.Add(error.Message);
        }

        return new ExportCheckReport(folder, report.Plan.Target, report.Files.Count, true, null, proofs, differences);
    }

    private static IEnumerable<string> Files(IReadOnlyList<ExportedFile> expected, IReadOnlyList<ExportedFile> found)
    {
        foreach (var file in expected)
        {
            var now = found.FirstOrDefault(f => f.Name == file.Name);
            if (now is null)
            {
                yield return $"'{file.Name}' is missing";
            }
            else if (now != file)
            {
                yield return $"'{file.Name}' is not the file that was written (SHA-256 {now.Sha256[..12]}…, was {Start(file.Sha256)}…)";
            }
        }

        foreach (var file in found.Where(f => expected.All(e => e.Name != f.Name)))
        {
            yield return $"'{file.Name}' was not written by the export";
        }
    }

    private static string? Missing(ExportPlan plan)
    {
        var missing = new[] { plan.Model, plan.Adapter }.OfType<string>().Where(
            folder => !HubReference.Is(folder) && !Directory.Exists(folder) && !File.Exists(folder)).ToArray();
        return missing.Length == 0 ? null : $"what it was made from is not there any more: {string.Join(", ", missing)}";
    }

    /// <summary>
    /// Makes the merge again and holds the export against it; null when the texts that it was calibrated on have changed.
    /// </summary>
    private static IReadOnlyList<ExportProof>? Compare(string folder, ExportReport report)
    {
        var plan = report.Plan;
        var target = ExportTargets.Get(plan.Target);
        var source = ExportSource.Open(ExportJob.Options(plan), target);
        using var graph = ExportGraph.Load(source, target.Holds);
        if (graph.CalibratedOn != report.CalibratedOn)
        {
            return null;
        }

        var workload = WorkloadRegistry.Of(graph.Session.Model, source.ModelFolder);
        RequireUsable(Path.Combine(folder, ExportReport.FileName), report.TokenIds, workload.NumbersBelow(graph.Session.Model));
        return ExportJob.Prove(graph, target, folder, report.TokenIds, report.Prompts);
    }

    /// <summary>The report lies in the open, and ids outside of the vocabulary would end in a fault of libtorch.</summary>
    private static void RequireUsable(string path, IReadOnlyList<IReadOnlyList<int>> sequences, long below)
    {
        if (sequences.Count is 0 or > MostSequences || sequences.Any(
            s => s.Count is 0 or > LongestSequence || s.Any(id => id < 0 || id >= below)))
        {
            throw new FileFormatException(
                $"{path}: tokenIds must be 1 to {MostSequences} lists of 1 to {LongestSequence} ids below {below}; export again.");
        }
    }

    private static string Start(string hash) => hash.Length > 12 ? hash[..12] : hash;
}
